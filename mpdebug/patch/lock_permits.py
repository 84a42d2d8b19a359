"""The permits that a process has of a Semaphore or BoundedSemaphore, and since when."""

from __future__ import annotations

from mpdebug.agent import guard, held, taking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def methods(record: held.Record) -> tuple[Any, Any]:
    """`acquire` and `release` of a semaphore."""
    take = record.take

    def acquire(*args: Any, **kwargs: Any) -> Any:
        mine = got = None
        try:
            mine = taking.begin_permit(record)
            got = take(*args, **kwargs)
            taking.end_permit(record, mine, got)
        except BaseException as error:
            if taking.failed_to_take(record, mine, got, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    def release(*args: Any) -> Any:
        try:
            return taking.give_permit(record, None, *args)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return acquire, release


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
