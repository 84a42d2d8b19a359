"""Random schedules of lockers, some killed in the middle: nobody is falsely called a holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from tests.harness import Command

# start method → schedules, and in how many of them a locker is killed (all of them start anew)
SIZES = {"fork": (600, 40), "spawn": (60, 2), "forkserver": (60, 2)}

MANY = 40
"""Of so many that are killed some have a lock; two may both have none."""


@pytest.mark.once
@pytest.mark.timeout(240)
@pytest.mark.leaves("shm")  # of the killed: no test of ours may wait for their tracker
def test_the_holder_that_is_told_is_never_wrong(mpdebug: Command, start_method: str) -> None:
    """Compared with what the semaphores and the lockers themselves say; seeds are printed."""
    schedules, kills = SIZES[start_method]
    folder = mpdebug.lab.folder
    board = folder / "board"
    board.write_bytes(bytes(4096))
    done = mpdebug(
        f"--run-dir={folder / 'run'}",
        program("lockers.py"),
        *(start_method, str(schedules), str(kills), "2026", str(folder / "run"), str(board)),
        deadline=200,
    ).ok()
    judged, killed, held, wrong, unknown = map(int, done.out.splitlines()[-1].split())
    assert (judged, killed, wrong) == (schedules, kills, 0), done.out
    if kills >= MANY:
        assert held > kills // 4, "hardly a lock was in the hands of those that were killed"
    assert unknown <= schedules // 1000, done.out
