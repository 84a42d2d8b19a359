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
    from types import FrameType
    from typing import Any

    from mpdebug.agent.held import Mine, Record

local = held.local
mono = Clock.mono


def again(record: Record, mine: Mine) -> bool:
    """A mutex was taken that this process has already: whether it is one that allows it."""
    if record.owner is mine and record.recursive:
        record.count += 1
        count_again(record)
        return True
    if record.owner is not None:
        put_away(record, record.owner)  # another process had given it back
    return False


def take(record: Record, mine: Mine, *, blocks: bool) -> None:
    """Note that this thread has taken a mutex, two frames above."""
    frame = _getframe(2)
    if frame.f_lasti != record.offset or frame.f_code is not record.code:
        note_site(record, frame)
    now = mono()
    words = record.words  # behind the last call: a signal handler may fork
    at = record.at
    words[at + 1] = now
    words[at] = mine.held
    record.owner = mine
    if mine.stack and blocks:
        sites.note_order(record, mine.stack)
    mine.stack.append(record)


def note_site(record: Record, frame: FrameType) -> None:
    """A lock was taken by another instruction than the last time."""
    code, offset = frame.f_code, frame.f_lasti
    key = id(code) + offset
    site = known.get(key) or sites.learn(frame, key)
    record.words[record.at + SITE - STATE] = record.site = site
    if site == key:  # else the line is that of a caller, and may be another the next time
        record.code, record.offset = code, offset
    else:
        record.offset = -1


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
        if record.owner is None and record.words[record.at] == mine.taking:
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


def end_permit(record: Record, mine: Mine, got: object, depth: int = 2) -> None:
    """It has the permit, or did not get it. Since when: the first one of the process."""
    if got:
        if not record.count:
            frame = _getframe(depth)
            if frame.f_lasti != record.offset or frame.f_code is not record.code:
                note_site(record, frame)
            now = mono()
            record.words[record.at + SINCE - STATE] = now
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


def give_permit(record: Record, give: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Give one permit back, also one that this process has not taken.

    Args:
        record: of the semaphore.
        give: what does it and its arguments; None: the semaphore itself.
        args: see there.
        kwargs: see there.
    """
    words, at = record.words, record.at
    if record.count == 1:
        words[at] = words[at] | RELEASING
    try:
        result = (give or record.give)(*args, **kwargs)
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


def give_back(record: Record) -> None:
    """Release a mutex that this process has not taken, or has taken more than once."""
    try:
        record.give()
    except BaseException as error:
        guard.drop_frame(error)
        raise
    if record.owner is None:
        sites.note_not_owned(record.address, _getframe(2))
    else:
        words = record.words  # no call from here on: a handler that raises is told by the count
        record.count -= 1
        words[record.at + COUNT - STATE] = record.count


def failed_to_take(
    record: Record | None, mine: Mine | None, got: object, error: BaseException
) -> bool:
    """An acquire raised. True where only our note of it did: then it is taken all the same.

    What a signal handler raises behind the acquire reaches a program that does not know that
    it has the lock, and that will never release it; so we do.
    """
    if record is None:
        return False
    if got and isinstance(error, Exception) and not guard.is_from_outside(error):
        with guard.quiet:
            mine = begin(record, error, HELD)
            if record.mutex and not record.special:
                as_it_is(record, mine, taken=True)
            elif not record.mutex:
                record.count += 1
                hold_permits(record)
        return True
    with guard.quiet:
        if record.lock is not None and (got or _just_taken(record, mine)):
            record.lock.release()
        if record.special and record.mutex:
            if got:
                record.words[record.at] = 0
        elif mine is not None and record.mutex:
            as_it_is(record, mine, taken=record.lock._is_mine())  # noqa: SLF001
        elif mine is not None:
            hold_permits(record)
    return False


def _just_taken(record: Record, mine: Mine | None) -> bool:
    """Whether the acquire that raised had got a mutex already."""
    if mine is None or not record.mutex or not record.lock._is_mine():  # noqa: SLF001
        return False
    had = record.count if record.owner is mine else 0
    count: int = record.lock._count()  # noqa: SLF001
    return count > had


def failed_to_release(record: Record | None, owner: Mine | None, error: BaseException) -> None:
    """A release raised. What a signal handler did not let be given back, we give back.

    No other call of the program's would, but for the `with` around a `Condition.wait`, which
    releases the lock that this could not. By now another thread may have taken it.
    """
    if record is None or owner is None:
        return
    caller = _getframe(2).f_code
    again = caller.co_name == "wait" and caller.co_filename.endswith("synchronize.py")
    with guard.quiet:
        lock = record.lock
        left = record.count - 1 if record.recursive else 0
        outside = not isinstance(error, Exception) or guard.is_from_outside(error)
        if outside and not again and lock._is_mine() and lock._count() > left:  # noqa: SLF001
            lock.release()
        as_it_is(record, owner, taken=lock._is_mine())  # noqa: SLF001


def as_it_is(record: Record, mine: Mine, *, taken: bool) -> None:
    """Note whether a thread has a mutex; not if another one has it by now."""
    if record.owner is not None and record.owner is not mine:
        return
    put_away(record, mine)
    if taken:
        record.owner = mine
        record.count = record.lock._count() if record.recursive else 1  # noqa: SLF001
        count_again(record)
        record.words[record.at] = mine.held
        mine.stack.append(record)
    elif record.words[record.at] // 4 == mine.held // 4:
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
