"""What a signal handler raises in the middle of our work, and what that must not cost."""

from __future__ import annotations

import multiprocessing
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.agent import held, taking
from tests.harness import program

if TYPE_CHECKING:
    from tests.harness import Both


@pytest.mark.parametrize("kind", ["RLock", "Lock"])
def test_locks_that_are_interrupted_are_as_often_taken(both: Both, kind: str) -> None:
    """Each time-out is the one that strikes, and no lock is released once too often."""
    plain, _ = both(program("interrupted_locks.py"), kind)
    assert plain.out == "1000\n"


def test_a_lock_that_another_thread_has_taken_is_left_to_it() -> None:
    """The release had succeeded, then a handler raised, and meanwhile another thread came."""
    lock: Any = multiprocessing.get_context("fork").Lock()
    record = held.Record(lock._semlock, mutex=True, recursive=False)
    other = threading.Thread(target=lock._semlock.acquire)
    other.start()
    other.join()
    taking.failed_to_release(record, held.Mine(), KeyboardInterrupt())
    assert lock._semlock._get_value() == 0


@pytest.mark.parametrize(("caller", "left"), [("wait", 0), ("other", 1)])
def test_what_was_not_given_back_is_given_back_once(caller: str, left: int) -> None:
    """By us, for who calls release() once; not in a Condition.wait, whose `with` does it."""
    lock: Any = multiprocessing.get_context("fork").Lock()
    lock._semlock.acquire()
    record = held.Record(lock._semlock, mutex=True, recursive=False)

    def release() -> None:
        taking.failed_to_release(record, held.Mine(), KeyboardInterrupt())

    names: dict[str, Any] = {}
    source = f"def {caller}(release):\n    release()\n"
    exec(compile(source, "/lib/multiprocessing/synchronize.py", "exec"), names)
    names[caller](release)
    assert lock._semlock._get_value() == left
