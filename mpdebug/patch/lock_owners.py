"""`--waits=owner`: of a Lock nothing but who has it, at the smallest price.

Two stores for each acquire and release: the thread behind the acquire, zero before the release.
What is FREE says nothing of a process that was killed, but what is HELD is true. RLocks and
semaphores, which have to be counted anyhow, are recorded in full.
"""

from __future__ import annotations

from mpdebug.agent import guard, held
from mpdebug.patch import lock_records, registry
from mpdebug.rundir.held import HELD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

local = held.local


def patch(module: ModuleType) -> None:
    """Wrap the Lock of multiprocessing.synchronize and kin, behind all of its SemLocks."""
    lock_records.patch(module)
    lock = module.__dict__.get("Lock")
    if lock is None:
        return

    def dress(self: Any) -> None:
        if not getattr(self, lock_records.RECORD).recursive:
            self.acquire, self.release = methods(getattr(self, lock_records.RECORD))

    make = module.SemLock._make_methods  # noqa: SLF001
    registry.put(lock, "_make_methods", lock_records.dressing(dress)(make))
    registry.put(lock, "__enter__", _enter(module.SemLock.__enter__.__wrapped__))
    registry.put(lock, "__exit__", _exit(module.SemLock.__exit__.__wrapped__))


def owns(record: held.Record | None, error: BaseException) -> bool:
    """A note of ours failed: the thread is new, or the record has no slot yet."""
    ours = isinstance(error, Exception) and not guard.is_from_outside(error)
    if ours and record is not None:
        with guard.quiet:
            held.begin(record, error, HELD)
    return ours


def _enter(original: Any) -> Any:
    def __enter__(self: Any) -> Any:  # noqa: N807
        record = self._mpdebug_record
        got = None
        try:
            got = original(self)
            record.words[record.at] = local.held
        except BaseException as error:
            if got and owns(record, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    return __enter__


def _exit(original: Any) -> Any:
    def __exit__(self: Any, *args: Any) -> Any:  # noqa: N807
        record = self._mpdebug_record
        try:
            if record is not None and record.at:
                record.words[record.at] = 0
            return original(self, *args)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return __exit__


def methods(record: held.Record) -> tuple[Any, Any]:
    """`acquire` and `release` of a Lock."""
    take, give = record.lock.acquire, record.lock.release

    def acquire(*args: Any, **kwargs: Any) -> Any:
        got = None
        try:
            got = take(*args, **kwargs)
            if got:
                record.words[record.at] = local.held
        except BaseException as error:
            if got and owns(record, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    def release(*args: Any) -> Any:
        try:
            if record.at:
                record.words[record.at] = 0
            return give(*args)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return acquire, release
