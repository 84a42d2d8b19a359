"""`mpdebug shared`: who made what, who has it, what is left over; and the labels behind it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.cli import shared
from mpdebug.model import Process, Run
from mpdebug.model_shared import SEMAPHORE
from mpdebug.observer import proc_maps
from mpdebug.observer.details import read_details
from mpdebug.observer.labels import Labels
from mpdebug.observer.run import RunReader
from mpdebug.observer.shared import read_shared
from mpdebug.rundir import layout
from tests.harness import program
from tests.leftovers import SHM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Both, Command, Handshake

pytestmark = pytest.mark.once

PROGRAM = program("shares_things.py")


def ask(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """What `mpdebug shared …` writes, in this process."""
    parser = argparse.ArgumentParser()
    shared.add_arguments(parser)
    assert shared.main(parser.parse_args(words)) == 0
    return capfd.readouterr().out


def objects(capfd: pytest.CaptureFixture[str], run: str) -> list[dict[str, Any]]:
    """The things of `--json`."""
    return [json.loads(line) for line in ask(capfd, run, "--json").splitlines()]


def made_at(mark: str) -> str:
    """`file:line` of the program's line with this comment."""
    texts = Path(PROGRAM).read_text("utf-8").splitlines()
    [number] = [at for at, text in enumerate(texts, 1) if text.endswith(f"  # {mark}")]
    return f"{PROGRAM}:{number}"


def who(thing: dict[str, Any]) -> dict[str, str]:
    """Name of each process that has it → how."""
    return {each["process"]: each["how"] for each in thing["holders"]}


def opened_pipe(run: str) -> set[tuple[str, str]]:
    """Who has what of the sockets of `w-1`, as it is told when that process is opened."""
    found = RunReader(run).refresh()
    [one] = [each for each in found.processes if each.name == "w-1"]
    opened = read_details(one, found).descriptors
    return {who for each in opened if each.what.startswith("socket:") for who in each.others}


@pytest.fixture
def left() -> Iterator[str]:
    """The name of a segment that the program leaves behind; freed at last."""
    name = f"mpdebug_test_{os.getpid()}"
    yield name
    (SHM / name).unlink(missing_ok=True)


def words(
    lab_folder: Path, method: str, left: str, handshake: Callable[[], Handshake]
) -> tuple[Handshake, Handshake, list[str]]:
    """Two handshakes, and the command line of the program."""
    ready, go = handshake(), handshake()
    file = lab_folder / "mapped"
    file.write_bytes(bytes(100))
    return ready, go, [PROGRAM, method, ready.path, go.path, str(file), left]


def test_all_that_is_shared_is_told_with_its_maker(
    mpdebug: Command,
    start_method: str,
    left: str,
    handshake: Callable[[], Handshake],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One of each kind, where it was made and who has it; at last what nobody freed."""
    run = str(mpdebug.lab.folder / "run")
    ready, go, line = words(mpdebug.lab.folder, start_method, left, handshake)
    started = mpdebug.start("--run-dir", run, *line)
    ready.wait()
    things = objects(capfd, run)
    text = ask(capfd, run)
    opened = opened_pipe(run)
    named = {one["name"]: one for one in things}

    def thing(mark: str, kind: str) -> dict[str, Any]:
        found = [
            one
            for one in things
            if one["kind"] == kind and one["made"] and one["made"]["where"] == made_at(mark)
        ]
        assert found, (mark, kind, things)
        assert {one["made"]["by"] for one in found} == {"MainProcess"}
        return found[0]

    everybody = {"MainProcess", "w-1", "w-2"}
    segment = thing("segment", "shared memory")
    assert everybody <= set(who(segment))
    assert segment["size"] >= 5000
    assert not segment["left_over"]
    lock = thing("lock", "semaphore")
    assert (lock["made"]["call"], lock["made"]["class"]) == ("Lock", "Lock")
    assert everybody <= set(who(lock))
    assert everybody <= set(who(thing("value", "arena")))
    assert thing("value", "arena")["made"]["call"] == "Value"
    assert everybody <= set(who(thing("queue", "pipe")))
    assert everybody <= set(who(thing("pipe", "socket pair")))
    assert ("MainProcess", "other end") in opened
    manager = thing("manager", "manager")
    assert manager["made"]["class"] == "SyncManager"
    uses = {name: how for name, how in who(manager).items() if name != "SyncManager-1"}
    assert uses == {"w-1": "uses", "w-2": "uses"}
    file = named[str(mpdebug.lab.folder / "mapped")]
    assert who(file) == {"w-1": "maps", "w-2": "maps"}
    assert (named[left]["left_over"], named[left]["size"]) == (True, 3000)
    assert named[left]["made"]["where"] == made_at("left")
    assert not [one for one in things if one["name"].startswith(run)]
    assert "1 left over" in text.splitlines()[0]
    assert "maps: everybody" in text
    assert "Queue: Lock" in text
    go.say()
    started.finish().ok()
    (gone,) = objects(capfd, run)
    assert (gone["name"], gone["left_over"], gone["holders"]) == (left, True, [])
    with (SHM / left).open("rb"):
        (had,) = objects(capfd, run)
        assert [each["pid"] for each in had["holders"]] == [os.getpid()]
        assert not had["left_over"]
    (SHM / left).unlink()
    assert "nothing is left over" in ask(capfd, run)


def test_of_processes_of_no_run_all_is_told_but_the_making(
    plain: Command,
    left: str,
    handshake: Callable[[], Handshake],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What /proc says of a process and those below it, nobody knows who made it."""
    ready, go, line = words(plain.lab.folder, "fork", left, handshake)
    started = plain.start(*line)
    ready.wait()
    things = objects(capfd, str(started.pid))
    kinds = {one["kind"] for one in things}
    assert kinds >= {"shared memory", "arena", "semaphore", "pipe", "mmap"}
    assert all(one["made"] is None for one in things)
    [segment] = [one for one in things if one["name"].startswith("psm_")]
    assert len(segment["holders"]) >= 3
    assert segment["size"] >= 5000
    assert "arena" in ask(capfd, str(started.pid))
    go.say()
    started.finish().ok()


def test_a_lock_without_a_name_is_known_by_its_address(tmp_path: Path) -> None:
    """A forked child has what was there at the fork; the address is used again later."""

    def process(
        name: str, mono: int, method: str, parent: str, *events: tuple[int, int]
    ) -> Process:
        folder = tmp_path / name
        folder.mkdir()
        lines = [
            json.dumps(
                {
                    "mono": at,
                    "kind": "made",
                    "what": SEMAPHORE,
                    "address": 4096,
                    "where": f"a:{n}",
                },
                separators=(",", ":"),
            )
            for at, n in events
        ]
        (folder / layout.EVENTS).write_text("\n".join([*lines, '{"mono":1,"kind":"ma']))
        return Process(
            name, 1, 1, 1, name, "", method=method, mono=mono, parent=parent, folder=str(folder)
        )

    main = process("main", 1, "exec", "", (10, 1), (30, 2))
    early = process("early", 20, "fork", "main")
    below = process("below", 40, "fork", "early")
    late = process("late", 40, "fork", "main")
    other = process("other", 40, "spawn", "main")
    people = (main, early, below, late, other)
    labels = Labels(Run("", "", (), 0.0, alive=True, processes=people))
    found = [labels.of_address(one, 4096) for one in people]
    assert [label.where if label else "" for label in found] == ["a:2", "a:1", "a:1", "a:2", ""]
    assert labels.of_address(main, 8192) is None


def test_who_cannot_be_looked_at_is_named_and_who_is_gone_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another user's process is told; one that ends meanwhile, or of a reused pid, is not."""
    errors = {1: PermissionError(), 2: FileNotFoundError(), 3: ProcessLookupError()}

    def refuse(pid: int) -> list[proc_maps.Mapping]:
        raise errors[pid]

    monkeypatch.setattr(proc_maps, "shared_maps", refuse)
    people = [Process(f"{pid}", pid, 0, 0, f"w-{pid}", "", alive=True) for pid in errors]
    people.append(Process("4", os.getpid(), 12345, 0, "reused", "", alive=True))
    found = read_shared(Run("", "", (), 0.0, alive=True, processes=tuple(people)))
    assert found.refused == (("w-1", "not permitted"),)
    assert found.things == ()


def test_failing_makers_raise_as_without_us(both: Both) -> None:
    """No frame of ours is in the traceback of what cannot be made."""
    script = both.plain.lab.folder / "fails.py"
    script.write_text(
        "import multiprocessing, sys, traceback\n"
        "from multiprocessing import heap, managers, shared_memory\n"
        "if __name__ == '__main__':\n"
        "    started = managers.SyncManager(); started._state.value = 1\n"
        "    for make in (lambda: multiprocessing.Semaphore(-1),\n"
        "                 lambda: multiprocessing.Pipe(1, 2, 3),\n"
        "                 lambda: shared_memory.SharedMemory('not_there_at_all'),\n"
        "                 lambda: shared_memory.SharedMemory(create=True, size=0),\n"
        "                 lambda: heap.Arena(-1), started.start):\n"
        "        try:\n"
        "            make()\n"
        "        except Exception:\n"
        "            traceback.print_exc(file=sys.stdout)\n"
    )
    plain, _ = both(str(script))
    assert plain.out.count("Traceback") >= 6


@pytest.mark.parametrize("width", [20, 80, 120])
def test_the_view_shows_itself(width: int) -> None:
    """`python -m mpdebug.views.shared` fits the width, and has no colours with NO_COLOR."""
    env = {**os.environ, "COLUMNS": str(width), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "mpdebug.views.shared"]
    text = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= width
    assert "LEFT OVER" in text
    assert "Queue: Lock ×2" in text
    assert "sem.mp-kb4jmrer" in "".join(text.split())
