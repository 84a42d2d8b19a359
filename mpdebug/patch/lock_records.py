"""The full record of a lock: who has it, since when, taken at which line.

Each function here is called for every lock that the program takes, so each is written out; what
happens seldom is in `agent/taking.py`. The order of the stores is told in `rundir/held.py`.
"""

from __future__ import annotations

from sys import _getframe

from mpdebug.agent import guard, held, sites, taking
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

RECORD = "_mpdebug_record"
RECURSIVE = 0  # kind of a SemLock
local = held.local


def patch(module: ModuleType) -> None:
    """Record all of it."""
    lock, permits = module.SemLock, module.__dict__.get("Semaphore", ())
    registry.put(lock, RECORD, None)

    def dress(self: Any) -> None:
        record = record_of(self, permits)
        if record.mutex:
            self.acquire, self.release = acquire_of(record), release_of(record)
        else:
            self.acquire, self.release = permit_methods(record)

    registry.wrap(lock, "_make_methods", dressing(dress))
    registry.wrap(lock, "__enter__", _enter)
    registry.wrap(lock, "__exit__", _exit)


def dressing(dress: Any) -> Any:
    """A maker of `_make_methods` that has `dress` called behind the original."""

    def make(original: Any) -> Any:
        def _make_methods(self: Any) -> None:
            original(self)
            with guard.quiet:
                dress(self)

        return _make_methods

    return make


def record_of(lock: Any, permits: Any) -> held.Record:
    """A new record for a lock object."""
    semaphore = lock._semlock  # noqa: SLF001
    mutex = not isinstance(lock, permits)
    record = held.Record(semaphore, mutex=mutex, recursive=semaphore.kind == RECURSIVE)
    setattr(lock, RECORD, record)
    return record


def _enter(original: Any) -> Any:
    def __enter__(self: Any) -> Any:  # noqa: N807
        record = self._mpdebug_record
        mine = got = None
        try:
            if record is None:
                return original(self)
            if not record.mutex:
                return enter_permits(original, self, record)
            try:
                mine = local.mine
                if record.owner is None:
                    record.words[record.at] = mine.taking
            except Exception as error:  # noqa: BLE001 - it decides
                mine = held.begin(record, error)
            got = original(self)
            taking.take(record, mine)
        except BaseException as error:
            if record is not None and taking.failed_to_take(record, mine, got, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    return __enter__


def _exit(original: Any) -> Any:
    def __exit__(self: Any, *args: Any) -> Any:  # noqa: N807
        record = self._mpdebug_record
        owner = None
        try:
            if record is None:
                return original(self, *args)
            if not record.mutex:
                return taking.give_permit(original, record, self, *args)
            owner = record.owner
            if owner is None or record.count > 1:
                return give_back(original, record, self, *args)
            record.words[record.at] = owner.releasing
            taking.put_away(record, owner)
            result = original(self, *args)
        except BaseException as error:
            taking.failed_to_release(record, owner)
            guard.drop_frame(error)
            raise
        if record.owner is None:  # no other thread has it by now
            record.words[record.at] = 0
        return result

    return __exit__


def acquire_of(record: held.Record) -> Any:
    """`acquire` of a Lock or RLock."""
    take = record.lock.acquire

    def acquire(*args: Any, **kwargs: Any) -> Any:
        mine = got = None
        try:
            try:
                mine = local.mine
                if record.owner is None:
                    record.words[record.at] = mine.taking
            except Exception as error:  # noqa: BLE001 - it decides
                mine = held.begin(record, error)
            got = take(*args, **kwargs)
            if got:
                taking.take(record, mine, blocks=not args and not kwargs)
            else:
                taking.not_taken(record, mine)
        except BaseException as error:
            if taking.failed_to_take(record, mine, got, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    return acquire


def release_of(record: held.Record) -> Any:
    """`release` of a Lock or RLock."""
    give = record.lock.release

    def release(*args: Any) -> Any:
        owner = record.owner
        try:
            if owner is None or record.count > 1:
                return give_back(give, record, *args)
            record.words[record.at] = owner.releasing
            taking.put_away(record, owner)
            result = give(*args)
        except BaseException as error:
            taking.failed_to_release(record, owner)
            guard.drop_frame(error)
            raise
        if record.owner is None:
            record.words[record.at] = 0
        return result

    return release


def give_back(give: Any, record: held.Record, *args: Any) -> Any:
    """Release a mutex that this process has not taken, or has taken more than once."""
    try:
        result = give(*args)
    except BaseException as error:
        guard.drop_frame(error)
        raise
    if record.owner is None:
        sites.note_not_owned(record.address, _getframe(2))
    else:
        record.count -= 1
        taking.count_again(record)
    return result


def permit_methods(record: held.Record) -> tuple[Any, Any]:
    """`acquire` and `release` of a Semaphore or BoundedSemaphore."""
    take, give = record.lock.acquire, record.lock.release

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
            return taking.give_permit(give, record, *args)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return acquire, release


def enter_permits(original: Any, lock: Any, record: held.Record) -> Any:
    """`with semaphore`, called by `__enter__`."""
    mine = got = None
    try:
        mine = taking.begin_permit(record)
        got = original(lock)
        taking.end_permit(record, mine, got, _getframe(2))
    except BaseException as error:
        if taking.failed_to_take(record, mine, got, error):
            return got
        guard.drop_frame(error)
        raise
    return got
