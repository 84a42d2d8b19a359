"""The full record of a mutex: who has it, since when, taken at which line.

Each function here is called for every lock that the program takes. So each is written out, and
calls C's acquire past the method that it stands for; what happens seldom is in
`agent/taking.py`. The order of the stores is told in `rundir/held.py`.
"""

from __future__ import annotations

from sys import _getframe

from mpdebug.agent import guard, held, sites, taking
from mpdebug.agent.clock import Clock
from mpdebug.patch import dressed, lock_permits, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

local = held.local
mono = Clock.mono


def patch(module: ModuleType) -> None:
    """Wrap the locks of multiprocessing.synchronize and kin."""
    lock = module.SemLock
    permits = module.__dict__.get("Semaphore", ())
    registry.put(lock, dressed.RECORD, None)

    def dress(self: Any) -> None:
        record = dressed.record_of(self, mutex=not isinstance(self, permits))
        if record.mutex:
            self.acquire, self.release = methods(record)
        else:
            record.special = True
            self.acquire, self.release = lock_permits.methods(record)

    registry.wrap(lock, "_make_methods", dressed.dressing(dress))
    registry.wrap(lock, "__enter__", _enter)
    registry.wrap(lock, "__exit__", _exit)


def _enter(original: Any) -> Any:  # noqa: C901
    def __enter__(self: Any) -> Any:  # noqa: C901, N807 - each part of it would cost a call
        record = self._mpdebug_record
        mine = got = None
        try:
            if record is None:
                return original(self)
            if record.special:
                if not record.mutex:
                    return lock_permits.enter(record)
                got = record.take()
                record.words[record.at] = local.held
                return got
            try:
                mine = local.mine
                if record.owner is None:
                    record.words[record.at] = mine.taking
            except Exception as error:  # noqa: BLE001 - it decides
                mine = held.begin(record, error)
            got = record.take()
            if record.owner is not None and taking.again(record, mine):
                return got
            frame = _getframe(1)
            if frame.f_lasti != record.offset or frame.f_code is not record.code:
                taking.note_site(record, frame)
            now = mono()
            words = record.words  # behind the last call: a signal handler may fork
            at = record.at
            words[at + 1] = now
            words[at] = mine.held
            record.owner = mine
            stack = mine.stack
            if stack:
                sites.note_order(record, stack)
            stack.append(record)
        except BaseException as error:
            if taking.failed_to_take(record, mine, got, error):
                return got
            if record is None:
                guard.drop_frame(error)
            else:
                dressed.retrace(error, original)
            raise
        return got

    return __enter__


def _exit(original: Any) -> Any:  # noqa: C901 - as above
    def __exit__(self: Any, kind: Any = None, error: Any = None, traceback: Any = None) -> Any:  # noqa: N807
        record = self._mpdebug_record
        owner = None
        try:
            if record is None:
                return original(self, kind, error, traceback)
            if record.special:
                if not record.mutex:
                    return taking.give_permit(record)
                if record.at:
                    record.words[record.at] = 0
                return record.give()
            owner = record.owner
            if owner is None or record.count > 1:
                taking.give_back(record)
                return None
            record.words[record.at] = owner.releasing
            record.owner = None
            last = owner.stack.pop()
            if last is not record:
                owner.stack.append(last)
                owner.stack.remove(record)
            record.give()
            if record.owner is None:  # no other thread has it by now
                record.words[record.at] = 0
        except BaseException as raised:
            taking.failed_to_release(record, owner, raised)
            if record is None:
                guard.drop_frame(raised)
            else:
                dressed.retrace(raised, original, kind, error, traceback)
            raise

    return __exit__


def methods(record: held.Record) -> tuple[Any, Any]:  # noqa: C901 - as above
    """`acquire` and `release` of a Lock or RLock."""
    take, give = record.take, record.give

    def acquire(block: Any = True, timeout: Any = None) -> Any:
        mine = got = None
        try:
            try:
                mine = local.mine
                if record.owner is None:
                    record.words[record.at] = mine.taking
            except Exception as error:  # noqa: BLE001 - it decides
                mine = held.begin(record, error)
            got = take(block, timeout)
            if not got:
                taking.not_taken(record, mine)
            elif record.owner is None or not taking.again(record, mine):
                taking.take(record, mine, blocks=block is True and timeout is None)
        except BaseException as error:
            if taking.failed_to_take(record, mine, got, error):
                return got
            guard.drop_frame(error)
            raise
        return got

    def release() -> None:
        owner = record.owner
        try:
            if owner is None or record.count > 1:
                return taking.give_back(record)
            record.words[record.at] = owner.releasing
            taking.put_away(record, owner)
            give()
            if record.owner is None:
                record.words[record.at] = 0
        except BaseException as error:
            taking.failed_to_release(record, owner, error)
            guard.drop_frame(error)
            raise
        return None

    return dressed.named(acquire, release)
