"""Run folders read into the model: at once, bit by bit, torn, and with what is not observed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug import errors
from mpdebug.diagnosis.deaths import explain
from mpdebug.observer import find
from mpdebug.observer.facts import Facts
from mpdebug.observer.output import Printed
from mpdebug.observer.run import RunReader, read_run
from mpdebug.rundir import layout
from tests import (
    test_diagnosis_exceptions,
    test_diagnosis_exits,
    test_diagnosis_quiet,
    test_diagnosis_signals,
    test_diagnosis_tasks,
)
from tests.histories import (
    Writer,
    born,
    goodbye,
    main,
    reaps,
    record,
    replay,
    seen,
    started,
    submits,
    works,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mpdebug.model import Process, Run
    from tests.diagnosed import Case

HISTORIES: list[Case] = [
    *test_diagnosis_quiet.CASES,
    *test_diagnosis_signals.CASES,
    *test_diagnosis_tasks.CASES,
    *test_diagnosis_exits.CASES,
    *test_diagnosis_exceptions.CASES,
]
OVER = seen("MainProcess", 0, at=1_000_000)


def told(run: Run) -> list[Any]:
    """What is said of the deaths in a run."""
    return [
        (one.process.key, one.kind, one.cause, one.bad, one.detail, one.frames)
        for one in explain(run)
    ]


def of(run: Run, name: str) -> Process:
    """The process of that name."""
    return next(one for one in run.processes if one.name == name)


@pytest.mark.parametrize("case", HISTORIES, ids=lambda case: case.title)
def test_a_folder_says_what_the_facts_say(case: Case, tmp_path: Path) -> None:
    """Written down and read back, every history yields the same deaths."""
    facts = [fact for fact in case.facts if fact.kind != "lives"]
    if not any(fact.kind == "seen" and fact.name == "MainProcess" for fact in facts):
        facts.append(OVER)
    Writer(tmp_path / "run", facts).write()
    assert told(read_run(str(tmp_path / "run"))) == told(replay(facts))


@pytest.mark.parametrize("case", HISTORIES, ids=lambda case: case.title)
def test_reading_bit_by_bit_ends_where_reading_at_once_does(case: Case, tmp_path: Path) -> None:
    """A reader that is told of each changed file has the whole model in the end."""
    facts = [fact for fact in case.facts if fact.kind != "lives"]
    writer = Writer(tmp_path / "run", facts)
    reader = RunReader(str(tmp_path / "run"))
    known: dict[str, int] = {}
    for place in range(len(facts)):
        writer.write(place)
        files = {str(path.relative_to(writer.path)) for path in writer.path.rglob("*.*")}
        files |= {str(path.relative_to(writer.path)) for path in writer.path.rglob("events")}
        sizes = {file: (writer.path / file).stat().st_size for file in files}
        changed = {file for file in files if known.get(file) != sizes[file]}
        known = sizes
        run = reader.refresh(changed)
    assert told(run) == told(read_run(str(writer.path)))


def test_who_is_who(tmp_path: Path) -> None:
    """Names, roles, parents, methods, targets and tasks come from all that was written."""
    facts = [
        *main(),
        born("ForkPoolWorker-1", "pool worker", target="multiprocessing.pool.worker"),
        started("MainProcess", "ForkPoolWorker-1", where="/home/me/app.py:8"),
        submits("MainProcess", "pool", 0, "Pool.map", "/home/me/app.py:9"),
        works("ForkPoolWorker-1", "work", "3"),
    ]
    Writer(tmp_path / "run", facts).write()
    first, worker = read_run(str(tmp_path / "run")).processes
    assert (first.name, first.role, first.parent) == ("MainProcess", "main", "")
    assert (worker.role, worker.parent, worker.method) == ("pool worker", first.key, "fork")
    assert (worker.target, worker.started_where) == (
        "multiprocessing.pool.worker",
        "/home/me/app.py:8",
    )
    task = worker.task
    assert task is not None
    assert (task.call, task.args, task.phase) == ("work", "3", "running")
    assert (task.submitted_by, task.submitted_at) == ("Pool.map", "/home/me/app.py:9")


def test_a_child_that_did_not_get_its_name_has_the_one_its_parent_gave(tmp_path: Path) -> None:
    """A spawned child that falls on its way is still called by its name."""
    child = born("SpawnProcess-1", "worker", "spawn", named=False, name="spawn-101")
    Writer(tmp_path / "run", [*main(), child, started("MainProcess", "SpawnProcess-1")]).write()
    assert of(read_run(str(tmp_path / "run")), "SpawnProcess-1").pid == 101


def test_a_loky_worker_is_an_executors(tmp_path: Path) -> None:
    """Who owns a worker tells its role, where the worker itself cannot."""
    facts = [*main(), born("L", "worker", "loky")]
    writer = Writer(tmp_path / "run", facts).write()
    line = {"mono": 2, "kind": "owned", "owner": "executor:0", "pid": 101}
    (writer.folder("MainProcess") / layout.EVENTS).write_text(json.dumps(line) + "\n")
    assert of(read_run(str(tmp_path / "run")), "L").role == "executor worker"


def test_an_exec_is_the_same_process_in_a_new_folder(tmp_path: Path) -> None:
    """The first folder ends by exec; the end of the process belongs to the last."""
    facts = [
        *main(),
        goodbye("MainProcess", "exec", message="python b.py"),
        born("MainProcess", "main", "exec", n=1),
        seen("MainProcess", 0),
    ]
    Writer(tmp_path / "run", facts).write()
    first, second = read_run(str(tmp_path / "run")).processes
    assert first.ended is not None
    assert first.ended.seen_by == "exec"
    assert second.ended is not None
    assert second.ended.status == 0
    assert (first.pid, first.start) == (second.pid, second.start)


def test_torn_and_missing_files_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    """Killed in the middle of a write: whole lines count, halves do not, nothing raises."""
    facts = [*main(), born("W"), started("MainProcess", "W"), seen("W", -9)]
    writer = Writer(tmp_path / "run", facts).write()
    folder = writer.folder("W")
    (folder / layout.EXIT).write_text('{"mono": 5, "kind": "exc')
    (folder / layout.STATE).write_bytes(b"mpdebug1" + bytes(100))
    with (writer.folder("MainProcess") / layout.EVENTS).open("a") as file:
        file.write('{"mono":9,"kind":"signal","pid":101,"sig')
    with (writer.path / layout.EXITS).open("a") as file:
        file.write('{"mono": 1')
    born_late = writer.path / layout.PROCESSES / "777-1-0"
    born_late.mkdir()
    (born_late / layout.PROCESS).write_text('{"pid": 77')
    (born_late / layout.FAULTS).write_text("Fatal Python error: Aborted\n")
    (writer.path / layout.PROCESSES / "no process").mkdir()
    run = read_run(str(writer.path))
    assert [one.name for one in run.processes] == ["MainProcess", "W"]
    assert of(run, "W").goodbye is None
    assert of(run, "W").task is None


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    """A FIFO in place of a file has no other end: it reads as a file that is missing."""
    facts = [*main(), born("W"), started("MainProcess", "W"), seen("W", -9)]
    writer = Writer(tmp_path / "run", facts).write()
    folder = writer.folder("W")
    (folder / layout.STOPS).mkdir()
    names = (layout.PROCESS, layout.EVENTS, layout.RECORDS, layout.FAULTS, layout.STATE)
    for name in (*names, layout.EXIT, layout.OUT, f"{layout.STOPS}/1.json"):
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    assert of(read_run(str(writer.path)), "MainProcess").pid
    assert Printed(str(folder / layout.OUT)).read() == ([], False)


def test_the_last_records_of_the_dead_are_read(tmp_path: Path) -> None:
    """Five records, the newest last; a torn last line is left out."""
    facts = [
        *main(),
        born("W"),
        *[record("W", f"line {n}", n) for n in range(9)],
        seen("W", -9),
    ]
    writer = Writer(tmp_path / "run", facts).write()
    with (writer.folder("W") / layout.RECORDS).open("a") as file:
        file.write('{"time":1.0,"mo')
    records = of(read_run(str(writer.path)), "W").last_records
    assert [one["event"] for one in records] == [f"line {n}" for n in range(4, 9)]


def test_a_goodbye_that_was_taken_back_is_forgotten(tmp_path: Path) -> None:
    """An exec that failed: the process lives on, and dies of something else."""
    writer = Writer(tmp_path / "run", [*main(), goodbye("MainProcess", "exec")]).write()
    reader = RunReader(str(writer.path))
    assert reader.refresh().processes[0].goodbye is not None
    (writer.folder("MainProcess") / layout.EXIT).unlink()
    assert reader.refresh([f"p/{writer.folder('MainProcess').name}/exit.json"])
    assert reader.refresh().processes[0].goodbye is None


def test_who_has_ended_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of thousands stays cheap: only those that live are looked at again."""
    facts = [
        *main(),
        *[born(f"W{n}") for n in range(50)],
        *[seen(f"W{n}", 0) for n in range(50)],
    ]
    writer = Writer(tmp_path / "run", facts).write()
    reader = RunReader(str(writer.path))
    reader.refresh()
    looked: list[str] = []
    real = Facts.refresh

    def refresh(facts: Facts) -> bool:
        looked.append(facts.key)
        return real(facts)

    monkeypatch.setattr(Facts, "refresh", refresh)
    assert len(reader.refresh().processes) == 51
    assert set(looked) == {writer.folder("MainProcess").name}


def test_a_living_process_is_told_from_another_with_its_pid(tmp_path: Path) -> None:
    """This test's own pid with its start time is alive; with another start it is not."""
    pid, start = os.getpid(), layout.start_of()
    facts = [born("me", "main", pid=pid, start=start), born("other", pid=pid)]
    writer = Writer(tmp_path / "run", facts, boot=layout.boot_id())
    writer.history.starts["me"] = start or 0
    writer.write()
    run = read_run(str(writer.path))
    assert (of(run, "me").alive, of(run, "other").alive, run.alive) == (True, False, True)


def test_nothing_lives_in_a_run_of_another_boot(tmp_path: Path) -> None:
    """After a reboot the same pid and start time mean somebody else."""
    writer = Writer(tmp_path / "run", [born("me", "main", pid=os.getpid())])
    writer.history.starts["me"] = layout.start_of() or 0
    run = read_run(str(writer.write().path))
    assert not run.alive
    assert not of(run, "me").alive


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """A reader of a newer folder says so instead of guessing."""
    Writer(tmp_path / "run", main(), format=layout.FORMAT + 1)
    with pytest.raises(errors.NewerFormatError, match="format 2"):
        read_run(str(tmp_path / "run"))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    """Neither an empty folder nor a missing one is a run."""
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(errors.NoSuchRunError):
            read_run(str(path))


def test_a_run_that_is_removed_while_it_is_read_ends_quietly(tmp_path: Path) -> None:
    """What was read stays; the folder that is gone raises nothing."""
    writer = Writer(tmp_path / "run", [*main(), born("W")]).write()
    reader = RunReader(str(writer.path))
    reader.refresh()
    subprocess.run(["rm", "-r", str(writer.path)], check=True)
    assert len(reader.refresh().processes) == 2


def test_a_child_that_ends_before_its_start_was_told_is_one_process(tmp_path: Path) -> None:
    """The parent says "started" after the child is over: nobody else had that pid."""
    facts = [*main(), born("W"), goodbye("W", "returned"), seen("W", 0)]
    facts += [started("MainProcess", "W"), reaps("MainProcess", "W", 0)]
    Writer(tmp_path / "run", facts).write()
    run = read_run(str(tmp_path / "run"))
    assert [one.name for one in run.processes] == ["MainProcess", "W"]
    assert of(run, "W").parent == run.processes[0].key


def test_values_of_the_wrong_kind_are_passed_over(tmp_path: Path) -> None:
    """Whole JSON with other kinds of values than ours: read, listed and shown, not refused."""
    head = {
        "format": 1,
        "id": "r",
        "command": 5,
        "started": "x",
        "supervisor": "z",
        "settings": 3,
    }
    folder = tmp_path / "p" / "99-1-0"
    folder.mkdir(parents=True)
    (tmp_path / "run.json").write_text(json.dumps(head))
    (folder / "process.json").write_text('{"pid":"x","name":5,"argv":{"a":1},"started":[]}')
    (folder / "records.jsonl").write_text('{"time":1e999,"mono":5,"event":"late"}\n')
    (folder / "exit.json").write_text(
        '{"kind":"exception","exception":{"frames":"z","type":{}}}'
    )
    (tmp_path / "exits.jsonl").write_text('{"pid":99,"start":1,"status":-11,"mono":"a"}\n')
    done = subprocess.run(
        [sys.executable, "-m", "mpdebug", "deaths", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert find.summarise(str(tmp_path), "") is not None
