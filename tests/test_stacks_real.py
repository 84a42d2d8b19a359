"""Real processes that are asked where they are: by the command, and by Ctrl-backslash."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from mpdebug.diagnosis import steps
from mpdebug.diagnosis.stacks import fold
from mpdebug.observer import nudge, stacks
from mpdebug.observer.run import read_run
from tests import leftovers
from tests.harness import program, until
from tests.told_stacks import drawn, leaves

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mpdebug.model_stacks import StackNode, StackTree
    from tests.harness import Command, Handshake, Lab
    from tests.terminals import AtTerminal

pytestmark = pytest.mark.one_way


def look(folder: Path) -> tuple[StackTree, dict[str, StackNode]]:
    """The stacks of a run, and the end of each by its innermost step."""
    run = read_run(str(folder))
    tree = fold([stacks.take(stacks.to_ask(run), 30.0)], cwd=run.cwd)
    return tree, {leaf.steps[-1].label: leaf for leaf in leaves(tree.nodes) if leaf.steps}


def stand_still(folder: Path) -> None:
    """Wait until everybody in stands_still.py stands where it will stay."""
    states = {
        "SimpleQueue.get": (2, steps.FOR_WORK),
        "sleep_long": (1, "sleeps"),
        "SemLock.__enter__": (1, "waits for an mp lock"),
    }

    def stand() -> bool:
        found = look(folder)[1].items()
        now = {label: (len(leaf.who), leaf.state) for label, leaf in found}
        return now.items() >= states.items()

    until(stand, "two are idle, one sleeps and one waits for a lock")


def test_where_a_real_pool_is(
    mpdebug: Command, lab: Lab, start_method: str, handshake: Callable[[], Handshake]
) -> None:
    """One waits for a lock, one sleeps, two are idle; what is no Python has its line."""
    ready = handshake()
    started = mpdebug.start(program("stands_still.py"), start_method, ready.path)
    assert sorted(ready.wait(2)) == ["lock", "sleep"]
    (folder,) = leftovers.runs(lab.state_home)
    stand_still(folder)
    tree, found = look(folder)
    assert [step.label for step in found["SemLock.__enter__"].steps if step.own] == [
        "task", "want_lock",
    ]  # fmt: skip
    assert "with lock:" in drawn(tree, 120)
    assert tree.helpers == 3
    assert {"sleep", "true"} <= {name for _, name in tree.silent}
    assert any(why.startswith("zombie") for why, _ in tree.silent)
    started.say("\n")
    started.finish()


def test_the_command_answers_with_locals_and_samples(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """Text with the program's source and locals; JSON for each process and sample."""
    ready = handshake()
    started = mpdebug.start(program("stands_still.py"), "fork", ready.path)
    ready.wait(2)
    until(
        lambda: "seconds = 100" in mpdebug("stacks", "--locals").ok().out,
        "the sleeper tells its locals",
    )
    text = mpdebug("stacks", "--locals", env={"COLUMNS": "80"}).ok().out
    assert "time.sleep(seconds)" in text
    assert max(map(len, text.splitlines())) <= 80
    said = mpdebug("stacks", "--json", "--samples", "2", "--process", "ForkPoolWorker-*").ok()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert sorted(row["sample"] for row in rows) == [0] * 4 + [1] * 4
    assert all(row["threads"][0]["frames"][-1]["file"] for row in rows)
    halted = rows[0]["pid"]
    os.kill(halted, signal.SIGSTOP)
    try:
        until(
            lambda: nudge.read_status(halted).get("State", "").startswith("T"), "it is halted"
        )
        row = json.loads(mpdebug("stacks", "--json", "--process", str(halted)).ok().out)
        assert row["why"].startswith("it is halted")
        assert row["threads"] == []
    finally:
        os.kill(halted, signal.SIGCONT)
    wrong = mpdebug("stacks", "--process", "nobody")
    assert (wrong.status, "is called nobody" in wrong.err) == (2, True)
    started.say("\n")
    started.finish()


def test_a_process_of_no_run_is_told_as_the_kernel_sees_it(mpdebug: Command) -> None:
    """The test itself is not under mpdebug: what its threads wait for, and how to get more."""
    said = mpdebug("stacks", str(os.getpid())).ok().out
    assert f"{os.getpid()} is not under mpdebug" in said
    assert "python -m mpdebug" in said
    assert "py-spy" in said or "--native" in said
    row = json.loads(mpdebug("stacks", "--json", str(os.getpid())).ok().out)
    assert row["threads"][0]["tid"] == os.getpid()


def test_the_quit_key_shows_everybody_and_ends_nobody(
    at_terminal: Callable[..., AtTerminal],
    start_method: str,
    handshake: Callable[[], Handshake],
) -> None:
    """Ctrl-backslash in the running terminal; a child that is no Python dies, as without us."""
    ready = handshake()
    it = at_terminal(program("stands_still.py"), start_method, ready.path)
    ready.wait(2)
    stand_still(it.run())
    for _ in range(2):
        it.type("\x1c")
        it.see(r": \d of \d processes")
        it.see_all("PoolWorker-", r"want_lock  \S*stands_still.py:\d+  with lock:")
        it.see("MainProcess")
        it.see("zombie: it has ended")
    it.type("\r")
    assert it.end()[0] == 0


OWN = """\
import signal, sys
print(signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL, flush=True)
if sys.argv[1:]:
    signal.signal(signal.SIGQUIT, eval(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize(
    ("handler", "status"),
    [("lambda *_: print('own')", 0), ("signal.SIG_DFL", -signal.SIGQUIT), ("", 0)],
)
def test_the_programs_own_handling_of_the_quit_key_wins(
    at_terminal: Callable[..., AtTerminal], tmp_path: Path, handler: str, status: int
) -> None:
    """It finds the default; what it sets itself is what happens, also the default."""
    script = tmp_path / "own.py"
    script.write_text(OWN)
    it = at_terminal(str(script), *([handler] if handler else []))
    it.see("True\r\n")
    it.see("ready\r\n")
    it.type("\x1c")
    if status == 0:
        it.see("own\r\n" if "own" in handler else "sys.stdin.readline()")
        it.type("\r")
    assert it.end()[0] == status


def test_a_program_at_a_terminal_can_end_itself_by_sigquit(
    at_terminal: Callable[..., AtTerminal],
) -> None:
    """What it sends to itself is not the key."""
    it = at_terminal("-c", "import os, signal; os.kill(os.getpid(), signal.SIGQUIT)")
    assert it.end()[0] == -signal.SIGQUIT


def test_without_a_terminal_sigquit_is_untouched(mpdebug: Command) -> None:
    """Nothing handles it, and it ends the program."""
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGQUIT)\nsignal.pause()"
    assert mpdebug("-c", code).status == -signal.SIGQUIT
