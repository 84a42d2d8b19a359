"""Of a Lock nothing but who has it, at the smallest price.

For all Locks with `--waits=owner`, and always for the two in a queue: everybody knows where
those are taken. Two stores for each acquire and release: the thread behind the acquire, zero
before the release. FREE says nothing of a process that was killed, but what is HELD is true.
"""

from __future__ import annotations

from mpdebug.agent import guard, held
from mpdebug.patch import dressed, lock_records, registry
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
    if lock is not None:
        registry.put(lock, "__enter__", _enter(lock.__enter__.__wrapped__))
        registry.put(lock, "__exit__", _exit(lock.__exit__.__wrapped__))
        make = lock._make_methods  # noqa: SLF001
        registry.put(lock, "_make_methods", dressed.dressing(lighten)(make))


def lighten(lock: Any) -> None:
    """Record from now on only who has this lock."""
    record = getattr(lock, dressed.RECORD, None)
    if record is not None and record.mutex and not record.recursive:
        record.special = True
        lock.acquire, lock.release = methods(record)


def noted(record: held.Record | None, error: BaseException) -> bool:
    """Whether what failed was our note: the thread is new, or the record has no slot yet."""
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
            got = record.take()
            record.words[record.at] = local.held
        except BaseException as error:
            if got and noted(record, error):
                return got
            if record is None:
                return original(self)
            dressed.retrace(error, original)
            raise
        return got

    return __enter__


def _exit(original: Any) -> Any:
    def __exit__(self: Any, kind: Any = None, error: Any = None, traceback: Any = None) -> Any:  # noqa: N807
        record = self._mpdebug_record
        if record is None:
            return original(self, kind, error, traceback)
        try:
            if record.at:
                record.words[record.at] = 0
            record.give()
        except BaseException as raised:
            dressed.retrace(raised, original, kind, error, traceback)
            raise
        return None

    return __exit__


def methods(record: held.Record) -> tuple[Any, Any]:
    """`acquire` and `release` of a Lock."""
    take, give = record.take, record.give

    def acquire(block: Any = True, timeout: Any = None) -> Any:
        got = None
        try:
            got = take(block, timeout)
            if got:
                record.words[record.at] = local.held
        except BaseException as error:
            if got and noted(record, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    def release() -> Any:
        try:
            if record.at:
                record.words[record.at] = 0
            return give()
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return dressed.named(acquire, release)
