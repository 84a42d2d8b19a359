"""Who stands at a breakpoint: stop files as a reader sees them, and the board made of them."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from mpdebug.cli import runs, stops
from mpdebug.diagnosis.stops import MISSING, fold_names, rows
from mpdebug.model import Stop
from mpdebug.observer.run import RunReader, read_run
from mpdebug.observer.stops import living_stops, read_stops
from mpdebug.rundir import layout
from mpdebug.views import stops as view
from tests.harness import until
from tests.histories import Writer, born, main, says

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Command

SECOND = 1_000_000_000
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


# Equal stops are one row.


def stop(name: str, n: int = 0, **more: Any) -> Stop:
    """A stop of the process of that name."""
    number = int(name.rpartition("-")[2] or 0) if name[-1:].isdigit() else 0
    facts: dict[str, Any] = {
        "process": f"{number}-1-0", "pid": 100 + number, "n": n, "kind": "breakpoint",
        "file": "/home/me/app.py", "line": 42, "function": "step", "socket": "/s",
        "mono": 1000 + number, "stopped_at": 1.0e9, **more,
    }  # fmt: skip
    return Stop(name=name, **facts)


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        (["W-1"], "W-1"),
        (["W-1", "W-2"], "W-1, W-2"),
        ([f"W-{n}" for n in (3, 1, 2, 8, 10, 11, 12)], "W-1..3, W-8, W-10..12"),
        (["gw0", "main", "gw2", "gw1"], "gw0..2, main"),
        (["W-01", "W-02", "W-03"], "W-01, W-02, W-03"),
        (["app.py", "app.py", "W-7", "W-7"], "app.py ×2, W-7 ×2"),
        ([], ""),
    ],
)
def test_neighbours_in_number_are_a_range(names: list[str], folded: str) -> None:
    """`W-1..8`; two stay two, equal names have a count, leading zeros stay."""
    assert fold_names(names) == folded


def test_equal_stops_are_one_row() -> None:
    """The place, the reason and the exception's type make the row; the oldest comes first."""
    eight = [stop(f"W-{n}") for n in range(8, 0, -1)]
    raised = [
        stop("A", kind="failure", exception=kind, message=said, mono=9000 + at)
        for at, (kind, said) in enumerate(
            [("ValueError", "1"), ("ValueError", "2"), ("KeyError", "1")]
        )
    ]
    other = [stop("B", line=43, mono=1), stop("W-1", n=1, thread="T", main_thread=False)]
    board = rows([*raised, *eight, *other])
    assert [(row.who, len(row.stops)) for row in board] == [
        ("B", 1),
        ("W-1..8, W-1 T", 9),
        ("A ×2", 2),
        ("A", 1),
    ]
    assert [one.name for one in board[1].stops][:2] == ["W-1", "W-1"]


def test_a_row_tells_what_differs() -> None:
    """Equal locals are left out; the odd one is named after the value of most."""
    values = [{"i": str(n), "rows": "3" if n == 8 else "7", "same": "1"} for n in range(1, 9)]
    del values[7]["same"]
    [row] = rows(stop(f"W-{n}", locals=one) for n, one in enumerate(values, 1))
    assert [one.name for one in row.differ] == ["i", "rows", "same"]
    assert len(row.differ[0].values) == 8
    assert row.differ[1].values == (
        ("7", tuple(f"W-{n}" for n in range(1, 8))),
        ("3", ("W-8",)),
    )
    assert row.differ[2].values[1] == (MISSING, ("W-8",))
    assert rows([stop("W-1", locals={"i": "2"})])[0].differ == ()


# The board.


def drawn(found: list[Stop], width: int, *, colour: bool = False) -> str:
    """The board of these stops 14 s after the first."""
    console = Console(width=width, force_terminal=colour, no_color=not colour, highlight=False)
    with console.capture() as captured:
        console.print(view.board(rows(found), now=14 * SECOND, cwd="/home/me"))
    return captured.get()


def sample() -> list[Stop]:
    """Eight that stand at one line, one of them asked by somebody, and a failure."""
    eight = [
        stop(f"W-{n}", mono=n, locals={"rows": "3" if n == 8 else "7"}, header="look",
             source="breakpoint()", client=77 if n == 3 else 0)
        for n in range(1, 9)
    ]  # fmt: skip
    last = stop(
        "loader", kind="failure", exception="ValueError", message="no\x1b[2J", line=7,
        function="<module>", tcp="127.0.0.1:4444", moving=True, mono=9 * SECOND,
    )  # fmt: skip
    return [*eight, last]


@pytest.mark.parametrize("width", [80, 120])
def test_the_board_shows_each_row_whole(width: int) -> None:
    """Count, names, place, since when, header, what differs, who is attached, the port."""
    text = drawn(sample(), width)
    assert max(map(len, text.splitlines())) <= width
    head, *lines = text.splitlines()
    assert head.startswith("W-1..8  ×8  at a breakpoint since ")
    assert head.endswith(" (13 s)")
    told = [" ".join(line.split()) for line in lines]
    assert told[:5] == [
        "at app.py:42 in step",
        "source breakpoint()",
        "header look",
        "differ rows 7 ×7 · 3 W-8",
        "attached W-3: pid 77",
    ]
    assert told[5].startswith("loader (pid 100) at its failure since ")
    assert told[6:] == [
        "at app.py:7",
        r"exception ValueError: no\x1b[2J",
        "steps now",
        "tcp 127.0.0.1:4444 (anybody on this machine can connect)",
    ]
    assert "\x1b[" in drawn(sample(), width, colour=True)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0.0 s"), (0.44, "0.4 s"), (59.9, "59 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_ages_are_said_as_people_say_them(seconds: float, text: str) -> None:
    """Tenths below ten seconds, minutes and hours above."""
    assert view.age(int(seconds * SECOND)) == text


# The commands.


def command(module: Any, *words: str) -> int:
    """A command in this process."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    status: int = module.main(parser.parse_args(words))
    return status


def test_the_board_of_a_run_as_text_and_as_json(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`mpdebug stops RUN`: rows for people, an object for each stop for programs."""
    run, folder = living(tmp_path)
    stop_file(folder, 0, locals={"i": "2"})
    stop_file(folder, 1, locals={"i": "3"}, thread="T", main_thread=False)
    assert command(stops, run) == 0
    text = capfd.readouterr().out
    assert text.startswith("Worker-3, Worker-3 T  ×2  at a breakpoint since ")
    assert "differ    i  2 Worker-3 · 3 Worker-3 T" in text
    assert "\x1b" not in text
    assert command(stops, run, "--json") == 0
    both = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(one["n"], one["locals"], one["exception"]) for one in both] == [
        (0, {"i": "2"}, None),
        (1, {"i": "3"}, None),
    ]
    assert {one["process"] for one in both} == {"Worker-3"}
    assert all(one["seconds"] > 0 for one in both)
    command(runs, run)
    assert "stopped at app.py:42 and 1 more" in capfd.readouterr().out


def test_a_run_in_which_nobody_stands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It says so, with status 0; as JSON there is nothing."""
    run, _ = living(tmp_path)
    assert command(stops, run) == 0
    assert capfd.readouterr().out == "k7f2: no process is stopped\n"
    assert command(stops, run, "--json") == 0
    assert capfd.readouterr().out == ""


def test_a_real_stop_is_on_the_board(mpdebug: Command) -> None:
    """Two workers of a Pool stand at one line: one row, told by another process."""
    folder = mpdebug.lab.folder
    script = folder / "app.py"
    script.write_text(
        "import multiprocessing, mpdebug\n"
        "def step(i):\n"
        "    mpdebug.breakpoint(wait=60, header='look')\n"
        "    return i\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        pool.map_async(step, [1, 2], chunksize=1)\n"
        "        input()\n"
    )
    running = mpdebug.start("--run-dir", folder / "run", script)
    until(lambda: len(living_stops(str(folder / "run"))) == 2, "both stand")
    board = mpdebug("stops", folder / "run").ok()
    assert "ForkPoolWorker-1, ForkPoolWorker-2  ×2  at a breakpoint since " in board.out
    assert "app.py:3 in step" in board.out
    assert "mpdebug.breakpoint(wait=60, header='look')" in board.out
    assert "differ    i  " in board.out
    running.say("\n")
    running.finish().ok()
    assert "no process is stopped" in mpdebug("stops", folder / "run").ok().out
