"""`mpdebug why`: its statuses, its words about kinds, and what it says of others' processes."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from mpdebug.diagnosis import trouble, why
from tests.harness import PROGRAMS, ROOT, program, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness import Command, Handshake
    from tests.terminals import AtTerminal

pytestmark = pytest.mark.once

ABBA = str(PROGRAMS / "troubles" / "lock_abba.py")
BOTH = re.compile(r"(?:anna|ben) \(pid \d+\) and (?:anna|ben) \(pid \d+\) wait for each other")
HANGS = pytest.mark.leaves("run", "shm")


def test_nothing_is_wrong(mpdebug: Command, tmp_path: Path) -> None:
    """Status 0, one line, and who is there is not told once they have ended."""
    mpdebug("--run-dir", tmp_path / "run", program("logs_from_workers.py")).ok()
    done = mpdebug("why", tmp_path / "run").ok()
    assert done.out == "run: nothing is known to be wrong\n"


@pytest.mark.once
def test_a_suspicion_has_a_status_of_its_own(mpdebug: Command, tmp_path: Path) -> None:
    """4, and it says what would settle it."""
    latent = PROGRAMS / "troubles" / "lock_order_latent.py"
    mpdebug("--run-dir", tmp_path / "run", latent, "fork").ok()
    done = mpdebug("why", tmp_path / "run")
    assert done.status == 4
    assert "lock-order" in done.out
    assert "to settle" in done.out


LEAVES = """
import multiprocessing, sys
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    queue = multiprocessing.Queue()
    for number in range(3):
        queue.put(number)
    queue.get()
    meant = multiprocessing.Queue()
    meant.put(1)
    meant.cancel_join_thread()
"""


@pytest.mark.once
def test_items_that_nobody_got_are_told_on_request(
    mpdebug: Command, tmp_path: Path, start_method: str
) -> None:
    """How many are left in which queue; not those that were given up by the program."""
    script = tmp_path / "leaves.py"
    script.write_text(LEAVES)
    ended = mpdebug("--run-dir", tmp_path / "run", script, start_method).ok()
    assert "left in" not in ended.err
    done = mpdebug("why", tmp_path / "run", "--json")
    (found,) = [json.loads(line) for line in done.out.splitlines()]
    assert (done.status, found["kind"], found["certainty"]) == (
        4,
        "queue-not-empty",
        "suspected",
    )
    assert "2 items are left in the Queue made at leaves.py:5" in found["title"]


@HANGS
@pytest.mark.once
@pytest.mark.parametrize("width", ["80", "120"])
def test_a_proved_one_fits_the_screen(
    mpdebug: Command, tmp_path: Path, width: str, start_method: str
) -> None:
    """A hang is told, and ended where that is wanted, with status 3; `why` still says why."""
    run = tmp_path / "run"
    done = mpdebug("--run-dir", run, "--on-hang", "abort", ABBA, start_method)
    assert done.status == 3
    assert BOTH.search(" ".join(done.err.split()))
    assert "SIGKILL" not in done.err
    after = mpdebug("why", run, env={"COLUMNS": width})
    assert after.status == 3
    assert BOTH.search(" ".join(after.out.split()))
    assert max(map(len, after.out.splitlines())) <= int(width)
    assert "\x1b" not in after.out


@HANGS
@pytest.mark.once
def test_a_stranger_is_proved_to_hang(mpdebug: Command, plain: Command) -> None:
    """Of a program that is not under mpdebug the kernel tells that nobody can ever go on."""
    alone = plain.start(ABBA, "fork")
    found: list[dict[str, object]] = []

    def is_proved() -> bool:
        done = mpdebug("why", str(alone.pid), "--json")
        found[:] = [json.loads(line) for line in done.out.splitlines()]
        return done.status == 3

    until(is_proved, "both wait")
    assert found[0]["kind"] == "waits-for-ever"
    for pid in mpdebug.lab.processes():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.once
@HANGS
def test_watching_tells_each_thing_once_and_ends_with_the_run(
    mpdebug: Command, tmp_path: Path
) -> None:
    """What is new is told when it is there."""
    running = mpdebug.start("--run-dir", tmp_path / "run", ABBA, "fork", start_new_session=True)
    running.wait_for("wait for each other", "stderr")
    watching = mpdebug.start("why", tmp_path / "run", "--watch", "--interval", "0.1")
    watching.wait_for("in a circle", "stdout")
    for pid in set(mpdebug.lab.processes()) - {watching.pid, running.pid}:
        os.kill(pid, signal.SIGKILL)
    done = watching.finish()
    running.finish()
    assert done.out.count("deadlock  ") == 1
    assert done.status == 3


@pytest.mark.once
def test_a_suspicion_is_told_after_a_time(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """With --hang-after: a task that waits, and that somebody outside could let go on."""
    fifo = handshake()
    running = mpdebug.start("--hang-after", "0.3", program("waits_for_main.py"), fifo.path)
    running.wait_for("waits", "stdout")
    running.wait_for("suspected hang", "stderr")
    fifo.say()
    done = running.finish().ok()
    assert done.out == "waits\n[7]\n"
    assert "Kept: mpdebug why" in done.err


@pytest.mark.once
def test_who_stands_still_is_told_after_a_time(mpdebug: Command) -> None:
    """A server that nobody asks is well; to who says how long is too long it is told."""
    code = "import socket; socket.create_server(('127.0.0.1', 0)).accept()"
    running = mpdebug.start("--hang-after", "0.3", "--on-hang", "abort", "-c", code)
    done = running.finish()
    assert done.status == 3
    assert "stands-still: no process of the program has moved for 0.3 s" in done.err
    assert "in socket.accept" in done.err


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--about", "lock-foo"], "There is: lock-"),
        (["nosuch"], "there is no run 'nosuch'"),
        (["--interval", "soon"], "--interval cannot be 'soon'"),
    ],
)
def test_a_mistake_is_told_with_its_cure(mpdebug: Command, words: list[str], told: str) -> None:
    """One clear text on stderr, nothing on stdout, status 2."""
    done = mpdebug("why", *words)
    assert (done.status, done.out) == (2, "")
    assert told in done.err


def test_every_kind_is_explained(mpdebug: Command) -> None:
    """By `--about KIND`; and the document has them all, as they are."""
    assert len(why.MODULES) > 1
    names = mpdebug("why", "--about").ok().out
    for kind in trouble.TROUBLES:
        text = trouble.about(kind)
        assert "What to do:" in text or "What would settle it:" in text, kind
        assert re.search(rf"^{kind} +\S", names, re.MULTILINE)
    document = (ROOT / ".github" / "TROUBLES.md").read_text("utf-8")
    assert document == trouble.document(why.in_order()), (
        "mpdebug why --about all > .github/TROUBLES.md"
    )


@HANGS
@pytest.mark.once
def test_the_quit_key_tells_why_above_the_stacks(
    at_terminal: Callable[..., AtTerminal],
) -> None:
    """First the trouble by name, then where everybody is."""
    it = at_terminal(ABBA, "fork")
    it.see("deadlock: ")
    it.type("\x1c")
    it.see("1 that will never end by itself")
    it.see(r"with second:")
    it.type("\x03")
    it.end()


@HANGS
def test_a_hang_can_open_a_prompt(at_terminal: Callable[..., AtTerminal]) -> None:
    """With --on-hang=stop: the processes stop where they wait, and can be asked."""
    it = at_terminal("--on-hang", "stop", ABBA, "fork")
    it.see("deadlock: ")
    who = it.prompt()
    assert who in {"anna", "ben"}
    it.type("p both_have_one.parties\r")
    it.see(r"2\r\n")
    it.prompt()
    it.type("kill\r")
    it.close()


@pytest.mark.once
def test_who_waits_on_the_debugger_does_not_hang(
    mpdebug: Command, at_terminal: Callable[..., AtTerminal], start_method: str
) -> None:
    """A stop is no hang, and neither is who waits for a process that stands there."""
    it = at_terminal(program("stops_in_worker.py"), start_method, "builtin")
    it.prompt()
    said = mpdebug("why", it.run()).ok().out
    assert re.search(r"MainProcess +waits on the debugger: \S+ \(pid \d+\) is stopped at", said)
    assert re.search(r"PoolWorker-1 +stopped at a breakpoint at", said)
    it.type("c\r")
    assert it.end()[0] == 0
