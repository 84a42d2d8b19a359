"""The permits that a process has of a Semaphore or BoundedSemaphore, and since when."""

from __future__ import annotations

from mpdebug.agent import guard, held, taking
from mpdebug.patch import dressed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def methods(record: held.Record) -> tuple[Any, Any]:
    """`acquire` and `release` of a semaphore."""
    take = record.take

    def acquire(block: Any = True, timeout: Any = None) -> Any:
        mine = got = None
        try:
            mine = taking.begin_permit(record)
            got = take(block, timeout)
            taking.end_permit(record, mine, got)
        except BaseException as error:
            if taking.failed_to_take(record, mine, got, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    def release() -> Any:
        try:
            return taking.give_permit(record)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return dressed.named(acquire, release)


def enter(record: held.Record) -> Any:
    """`with semaphore`, called by `__enter__`."""
    mine = got = None
    try:
        mine = taking.begin_permit(record)
        got = record.take()
        taking.end_permit(record, mine, got, 3)
    except BaseException as error:
        if taking.failed_to_take(record, mine, got, error):
            return got
        guard.drop_frame(error)
        raise
    return got
