"""What is stored while a lock is taken and given back, and what if that is disturbed.

Called behind and before the real acquire and release by the wrappers in `patch/`, one frame
below the program's own.
"""

from __future__ import annotations

from sys import _getframe

from mpdebug.agent import guard, held, process, sites
from mpdebug.agent.clock import Clock
from mpdebug.agent.held import begin
from mpdebug.agent.sites import known
from mpdebug.rundir import layout
from mpdebug.rundir.held import COUNT, HELD, RELEASING, SINCE, SITE, STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mpdebug.agent.held import Mine, Record

local = held.local
mono = Clock.mono


def take(record: Record, mine: Mine, *, blocks: bool = True) -> None:
    """Note that this thread has taken a mutex, two frames above."""
    if record.owner is not None:
        if record.owner is mine and record.recursive:
            record.count += 1
            count_again(record)
            return
        put_away(record, record.owner)  # another process had given it back
    frame = _getframe(2)
    key = id(frame.f_code) + frame.f_lasti
    site = known.get(key) or sites.learn(frame, key)
    now = mono()
    words = record.words  # a signal handler may fork: asked for behind the last call
    at = record.at
    words[at + 1] = now
    words[at + 2] = site
    words[at] = mine.held
    record.owner = mine
    record.count = 1
    record.site = site
    if mine.stack and blocks:
        sites.note_order(record, mine.stack)
    mine.stack.append(record)


def put_away(record: Record, owner: Mine) -> None:
    """This thread does not have the mutex any more."""
    if owner.stack and owner.stack[-1] is record:
        owner.stack.pop()
    elif record in owner.stack:
        owner.stack.remove(record)
    record.owner = None


def count_again(record: Record) -> None:
    """A recursive lock was taken or given back once more, and is still taken."""
    record.words[record.at + COUNT - STATE] = record.count


def not_taken(record: Record, mine: Mine) -> None:
    """An acquire came back without the lock."""
    with guard.quiet:
        if record.owner is None and record.words[record.at] in (mine.taking, mine.held):
            record.words[record.at] = 0


def begin_permit(record: Record) -> Mine:
    """This thread is about to take a permit of a semaphore."""
    try:
        mine: Mine = local.mine
        if not record.count:
            record.words[record.at] = mine.taking
    except Exception as error:  # noqa: BLE001 - it decides
        mine = begin(record, error)
    return mine


def end_permit(record: Record, mine: Mine, got: object, frame: Any = None) -> None:
    """It has the permit, or did not get it. Since when: the first one of the process."""
    if got:
        if not record.count:
            frame = frame or _getframe(2)
            key = id(frame.f_code) + frame.f_lasti
            site = known.get(key) or sites.learn(frame, key)
            now = mono()
            record.words[record.at + SINCE - STATE] = now
            record.words[record.at + SITE - STATE] = site
        record.count += 1
        record.words[record.at + COUNT - STATE] = record.count
        record.words[record.at] = mine.held
    elif not record.count:
        record.words[record.at] = 0


def hold_permits(record: Record) -> None:
    """The state of a semaphore is what this process has counted."""
    if record.words is not held.NOTHING:
        word = record.words[record.at]
        record.words[record.at + COUNT - STATE] = record.count
        record.words[record.at] = word // 4 * 4 + HELD if record.count else 0


def give_permit(give: Any, record: Record, *args: Any, **kwargs: Any) -> Any:
    """Give one permit back, also one that this process has not taken."""
    words, at = record.words, record.at
    if record.count == 1:
        words[at] = words[at] | RELEASING
    try:
        result = give(*args, **kwargs)
    except BaseException as error:
        guard.drop_frame(error)
        with guard.quiet:
            hold_permits(record)
        raise
    with guard.quiet:
        if record.count:
            record.count -= 1
        hold_permits(record)
    return result


def failed_to_take(
    record: Record, mine: Mine | None, got: object, error: BaseException
) -> bool:
    """An acquire raised. True where only our note of it did: then it is taken all the same.

    What a signal handler raises behind the acquire reaches a program that does not know that
    it has the lock, and that will never release it; so we do.
    """
    ours = isinstance(error, Exception) and not guard.is_from_outside(error)
    if got and ours:
        with guard.quiet:
            mine = begin(record, error, HELD)
            _has(record, mine)
        return True
    if mine is not None:
        with guard.quiet:
            if got and record.lock is not None:
                record.lock.release()
            if not record.mutex:
                hold_permits(record)
            elif record.lock._is_mine():  # noqa: SLF001
                _has(record, mine)
                if record.recursive:
                    record.count = record.lock._count()  # noqa: SLF001
                    count_again(record)
            elif record.owner is None or record.owner is mine:
                put_away(record, mine)
                not_taken(record, mine)
    return False


def _has(record: Record, mine: Mine) -> None:
    if not record.mutex:
        record.count += 1
        hold_permits(record)
        return
    record.words[record.at] = mine.held
    if record.owner is None:
        record.owner = mine
        record.count = 1
        mine.stack.append(record)


def failed_to_release(record: Record, owner: Mine | None) -> None:
    """A release raised: it is taken still if the semaphore itself says so."""
    with guard.quiet:
        if record.owner is not None or owner is None:
            return
        if record.lock is None or record.lock._count() > 0:  # noqa: SLF001
            record.words[record.at] = owner.held
            record.owner = owner
            owner.stack.append(record)
        else:
            record.words[record.at] = 0


def tell_left() -> None:
    """The work of this process ends: tell which mutexes it still has."""
    here = process.here
    if here is not None:
        for each in list(held.claimed):
            record = each()
            if record is not None and record.mutex and record.owner is not None:
                where = sites.places.get(record.site, "")
                here.event(layout.EV_LEFT, address=record.address, where=where)


process.on_end.append(tell_left)
