"""Who stands at a breakpoint: stop files as a reader sees them, and the board made of them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mpdebug.observer.run import RunReader, read_run
from mpdebug.observer.stops import living_stops, read_stops
from mpdebug.rundir import layout
from tests.histories import Writer, born, main, says

if TYPE_CHECKING:
    from pathlib import Path

HERE = {"pid": os.getpid(), "start": layout.start_of()}
"""The living process that the stop files here are of: the test itself."""

LIVING: dict[str, Any] = {"boot": layout.boot_id()}


def stop_file(folder: Path, n: int, **said: Any) -> Path:
    """Write a stop file as a process does."""
    (folder / layout.STOPS).mkdir(exist_ok=True)
    path = folder / layout.STOPS / f"{n}.json"
    facts = {
        "format": 1, "n": n, "time": 1.0e9 + n, "mono": 1_000 + n, "kind": "breakpoint",
        "file": "/home/me/app.py", "line": 42, "function": "step", "source": "breakpoint()",
        "thread": "MainThread", "main_thread": True, "header": "", "locals": {"i": "2"},
        "client": 0, "moving": False, **said,
    }  # fmt: skip
    path.write_text(json.dumps(facts))
    return path


def living(tmp_path: Path) -> tuple[str, Path]:
    """A run whose one process is this one; its path, and the folder of that process."""
    name = layout.folder_name(os.getpid(), layout.start_of() or 0, 0)
    Writer(tmp_path / "run", main(), **LIVING)
    folder = tmp_path / "run" / layout.PROCESSES / name
    folder.mkdir()
    who = {"format": 1, **HERE, "ppid": 1, "name": "Worker-3", "role": "worker", "mono": 5}
    (folder / layout.PROCESS).write_text(json.dumps(who))
    return str(tmp_path / "run"), folder


def test_a_stop_file_is_read_whole(tmp_path: Path) -> None:
    """All that a process says of its stop is in the model, both ways of reading it."""
    run, folder = living(tmp_path)
    raised = {"type": "ValueError", "message": "lost"}
    stop_file(folder, 0, header="look", exception=raised, tcp="127.0.0.1:4444", client=77)
    [stop] = living_stops(run)
    assert (stop.name, stop.pid, stop.process) == ("Worker-3", os.getpid(), folder.name)
    assert (stop.kind, stop.file, stop.line) == ("breakpoint", "/home/me/app.py", 42)
    assert (stop.function, stop.source, stop.locals) == ("step", "breakpoint()", {"i": "2"})
    assert (stop.header, stop.exception, stop.message) == ("look", "ValueError", "lost")
    assert (stop.tcp, stop.client, stop.socket) == (
        "127.0.0.1:4444",
        77,
        str(folder / "stops" / "0.s"),
    )
    assert read_stops(read_run(run)) == [stop]


def test_the_newest_stop_comes_first(tmp_path: Path) -> None:
    """Two threads of a process stand: the one that stopped last is named first."""
    run, folder = living(tmp_path)
    for n in (0, 1, 10):
        stop_file(folder, n, thread=f"T-{n}")
    assert [stop.n for stop in living_stops(run)] == [10, 1, 0]
    assert [stop.n for stop in read_stops(read_run(run))] == [10, 1, 0]


def test_torn_and_newer_stop_files_are_passed_over(tmp_path: Path) -> None:
    """A half-written file, one of a newer format and the logs beside hide no other stop."""
    run, folder = living(tmp_path)
    stop_file(folder, 0)
    stop_file(folder, 1).write_text('{"format":1,"n":1,"kin')
    stop_file(folder, 2, format=99)
    stop_file(folder, 3).rename(folder / "stops" / "3.json.new")
    (folder / "stops" / "0.log").write_text("> p i\n2\n")
    assert [stop.n for stop in living_stops(run)] == [0]
    assert [stop.n for stop in read_stops(read_run(run))] == [0]


def test_damage_in_a_stop_file_is_no_error(tmp_path: Path) -> None:
    """Values of other types than they should be are read as what they can be."""
    run, folder = living(tmp_path)
    odd = {"file": 7, "line": "x", "locals": [1], "exception": "no", "time": "?", "tcp": None}
    stop_file(folder, 0, **odd)
    [stop] = living_stops(run)
    assert (stop.file, stop.line, stop.locals, stop.exception) == ("7", 0, {}, "")


def test_a_stop_counts_only_while_its_process_lives(tmp_path: Path) -> None:
    """A process killed at its prompt leaves its file; so does one of another boot."""
    run, folder = living(tmp_path)
    stop_file(folder, 0)
    dead = folder.with_name(layout.folder_name(os.getpid(), 1, 0))
    folder.rename(dead)
    assert living_stops(run) == []
    assert read_stops(read_run(run)) == []
    dead.rename(folder)
    assert len(living_stops(run)) == 1
    head = json.loads((tmp_path / "run" / layout.RUN).read_text())
    (tmp_path / "run" / layout.RUN).write_text(json.dumps({**head, "boot": "another"}))
    assert living_stops(run) == []
    assert read_stops(read_run(run)) == []


def test_a_reader_sees_stops_come_move_and_go(tmp_path: Path) -> None:
    """Read again and again: a new stop, its new place, and its end by the event alone."""
    run, folder = living(tmp_path)
    reader = RunReader(run)
    assert read_stops(reader.refresh()) == []
    stop_file(folder, 0)
    hint = [f"p/{folder.name}/{layout.EVENTS}"]
    assert [stop.line for stop in read_stops(reader.refresh(hint))] == [42]
    stop_file(folder, 0, line=43, moving=True)
    assert [(stop.line, stop.moving) for stop in read_stops(reader.refresh(hint))] == [
        (43, True)
    ]
    stopped = {"mono": 1000, "kind": layout.EV_STOPPED, "n": 0, "why": "breakpoint"}
    over = {"mono": 9000, "kind": layout.EV_RELEASED, "n": 0, "how": "continue"}
    events = json.dumps(stopped) + "\n" + json.dumps(over) + "\n"
    (folder / layout.EVENTS).write_text(events)
    seen = reader.refresh(hint)
    assert read_stops(seen) == []
    [stood] = seen.processes[0].stood
    assert (stood.kind, stood.since, stood.until, stood.how) == (
        "breakpoint",
        1000,
        9000,
        "continue",
    )


def test_events_tell_of_stops_that_are_over(tmp_path: Path) -> None:
    """Standing, released, reported only, and a time-out: all read from `events`."""
    where = {"why": "break", "file": "/home/me/app.py", "line": 7, "function": "f"}
    facts = [
        *main(),
        born("W"),
        says("W", layout.EV_STOPPED, n=0, reported=True, **where),
        says("W", layout.EV_STOPPED, n=1, reported=False, **where),
        says("W", layout.EV_RELEASED, n=1, how="abort"),
        says("W", layout.EV_STOPPED, n=2, reported=False, thread="T", **where),
        says(
            "MainProcess", layout.EV_TIMEOUT, call="Queue.get", seconds=1.5,
            where="/home/me/app.py:3", begin=5,
        ),
    ]  # fmt: skip
    Writer(tmp_path / "run", facts).write()
    boss, worker = read_run(str(tmp_path / "run")).processes
    assert [(one.n, one.how, one.reported) for one in worker.stood] == [
        (0, "", True),
        (1, "abort", False),
        (2, "", False),
    ]
    assert worker.stood[0].until == worker.stood[0].since
    assert worker.stood[1].until
    assert worker.stood[2].until is None
    [timeout] = boss.timeouts
    assert (timeout.call, timeout.seconds, timeout.begin) == ("Queue.get", 1.5, 5)
