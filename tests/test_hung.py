"""Which process has not moved for the longest time."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mpdebug.model import Process, Task
from mpdebug.observer import hung
from mpdebug.rundir import layout
from tests.harness import program, read_run, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness import Command, Handshake

pytestmark = pytest.mark.once

SECOND = 10**9


def worker(**facts: object) -> Process:
    """A process that was started at second 10."""
    known = {"pid": 7, "start": 1, "ppid": 1, "name": "w", "role": layout.WORKER}
    return Process(**{"key": "7-1-0", "mono": 10 * SECOND, **known, **facts})  # type: ignore[arg-type]


TASK = Task("f", "3", "running", since=40 * SECOND)


@pytest.mark.parametrize(
    ("process", "is_parent", "group"),
    [
        (worker(role=layout.POOL_WORKER, task=TASK), False, hung.AT_WORK),
        (worker(), False, hung.ALONE),
        (worker(role=layout.MAIN), True, hung.PARENT),
        (worker(role=layout.POOL_WORKER), False, hung.IDLE),
        (worker(role=layout.EXECUTOR_WORKER), False, hung.IDLE),
        (worker(role=layout.FORKSERVER), True, hung.IDLE),
    ],
)
def test_a_task_in_hand_comes_first_and_waiting_for_work_last(
    process: Process, group: int, *, is_parent: bool
) -> None:
    """The groups: at work, others, parents of others, those that wait for work."""
    assert hung.judge(process, is_parent=is_parent, now=50 * SECOND)[0] == group


def test_signs_of_life(tmp_path: Path) -> None:
    """Its start, its task and what it wrote: the newest of them counts."""
    process = worker(folder=str(tmp_path))
    assert hung.silent_for(process, 50 * SECOND, 1000.0) == 40.0
    assert hung.silent_for(replace(process, task=TASK), 50 * SECOND, 1000.0) == 10.0
    records = tmp_path / layout.RECORDS
    records.touch()
    os.utime(records, (997.0, 997.0))
    assert hung.silent_for(replace(process, task=TASK), 50 * SECOND, 1000.0) == 3.0
    (tmp_path / layout.FAULTS).touch()  # written at our own request: no sign of life
    assert hung.silent_for(replace(process, task=TASK), 50 * SECOND, 1000.0) == 3.0


def test_the_worker_that_hangs_is_found(
    mpdebug: Command, start_method: str, handshake: Callable[[], Handshake]
) -> None:
    """A worker that hangs in a task is told first, an idle one late, a busy process never."""
    ready, go = handshake(), handshake()
    run = mpdebug.lab.folder / "run"
    script = program("hangs.py"), start_method, ready.path, go.path
    started = mpdebug.start("--run-dir", run, *script)
    assert sorted(ready.wait(2)) == ["busy", "hangs"]
    found: list[tuple[Process, float, str]] = []

    def stands() -> bool:
        found[:] = hung.hung(read_run(run), 0.05)
        workers = [row for row in found if row[0].role == layout.POOL_WORKER]
        return len(workers) == 2 and "busy" not in [row[0].name for row in found]

    until(stands, "two workers do not move, and only they")
    first, _, why = found[0]
    assert first.task is not None
    assert why.startswith("running: hang(3), for ")
    idle = [row[2] for row in found if row[0].role == layout.POOL_WORKER][1]
    assert idle == "waits for work"
    go.say()
    started.finish().ok()
