"""multiprocessing's locks: who has them, since when, taken at which line.

    SemLock._make_methods   sets `acquire` and `release` of every lock, made here or rebuilt
                            here: ours are set instead, and a Record with them
    SemLock.__enter__, __exit__   go past those, so they are wrapped too
    SemLock.__setstate__    a lock of another process is rebuilt here
    Condition, Event, Queue   their inner semaphores belong to nobody: they get C's methods back

Every function here is called for each lock that the program takes, so each is written out;
what happens seldom is in `agent/held.py`. The order of the stores is told in `rundir/held.py`.
"""

from __future__ import annotations

import os
from sys import _getframe

from mpdebug.agent import guard, held, process, sites, taking
from mpdebug.patch import registry
from mpdebug.patch.labels import SHM
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

INNER = {
    "Condition": ("_sleeping_count", "_woken_count", "_wait_semaphore"),
    "Event": ("_flag",),
    "Queue": ("_sem",),
    "JoinableQueue": ("_unfinished_tasks",),
}
"""Class → its semaphores that count, and that nobody holds."""

RECORD = "_mpdebug_record"
RECURSIVE = 0  # kind of a SemLock
local = held.local


def patch(module: ModuleType) -> None:
    """Wrap the locks of multiprocessing.synchronize, .queues and kin."""
    here = process.here
    if here is None or here.settings.record == "off":
        return
    lock = module.__dict__.get("SemLock")
    if lock is not None and hasattr(lock, "_make_methods"):
        if here.settings.record == "owner":
            from mpdebug.patch import lock_owners  # noqa: PLC0415 - only who asks for it

            lock_owners.patch(module)
        else:
            patch_full(module)
        registry.wrap(lock, "__setstate__", _rebuilt)
    for name, parts in INNER.items():
        owner = module.__dict__.get(name)
        if owner is not None:
            for method in ("__init__", "__setstate__"):
                registry.wrap(owner, method, _without(parts))
            if name == "Event":  # it is rebuilt by its attributes
                registry.put(owner, "__setstate__", _event_rebuilt)


def patch_full(module: ModuleType) -> None:
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


def _without(parts: tuple[str, ...]) -> Any:
    """A maker of wrappers that give the inner semaphores of an object C's methods back."""

    def make(original: Any) -> Any:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                result = original(self, *args, **kwargs)
            except BaseException as error:
                guard.drop_frame(error)
                raise
            with guard.quiet:
                undress(self, parts)
            return result

        return method

    return make


def undress(owner: Any, parts: tuple[str, ...]) -> None:
    """Give semaphores C's own methods again: they cost what they always cost."""
    for name in parts:
        inner = owner.__dict__.get(name)
        if inner is not None and inner.__dict__.pop(RECORD, None) is not None:
            inner.acquire = inner._semlock.acquire  # noqa: SLF001
            inner.release = inner._semlock.release  # noqa: SLF001


def _event_rebuilt(self: Any, state: Any) -> None:
    self.__dict__.update(state)
    with guard.quiet:
        undress(self, INNER["Event"])


def _rebuilt(original: Any) -> Any:
    def __setstate__(self: Any, state: Any) -> Any:  # noqa: N807
        try:
            result = original(self, state)
        except BaseException as error:
            guard.drop_frame(error)
            with guard.quiet:
                if isinstance(error, FileNotFoundError):
                    _tell(layout.EV_UNOPENED, self, state, error=guard.where())
            raise
        with guard.quiet:
            name = state[3] if len(state) > 3 else ""  # noqa: PLR2004
            inode = os.stat(f"{SHM}/sem.{name[1:]}").st_ino if name else 0
            _tell(layout.EV_OPENED, self, state, address=self._semlock.handle, inode=inode)
        return result

    return __setstate__


def _tell(kind: str, lock: Any, state: Any, **fields: Any) -> None:
    if process.here is not None:
        name = state[3] if len(state) > 3 else ""  # noqa: PLR2004
        process.here.event(kind, name=name, lock=type(lock).__name__, **fields)


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
