"""Where locks are taken: each line is told once, and after that is a number.

The number of a line is the address of its code object plus the offset of its instruction: that
costs 0.1 µs, and asking a frame for its line up to 20 µs in a long function. The bytecode lies
in the code object, so no two have the same number while both live; those that were told are
kept alive.

A lock that the standard library takes, inside `Queue.get`, is told with the line that called
it: the first one outward that is the program's.
"""

from __future__ import annotations

from mpdebug.agent import guard, identity, process
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from mpdebug.agent.held import Record

MOST = 4096  # lines, and orders
INSIDE = 0  # of the standard library, or ours: look further outward
BOTTOM = -1  # where a process or a thread begins: below is what it was forked from
BOTTOMS = frozenset({"_bootstrap", "_bootstrap_inner"})

known: dict[int, int] = {}
"""Number of an instruction → itself where it is a line to tell; INSIDE or BOTTOM."""

places: dict[int, str] = {}
"""Number of a line that was told → `file:line`."""

kept: list[Any] = []
orders: set[tuple[int, int]] = set()
strange: set[int] = set()


def learn(frame: FrameType, key: int) -> int:
    """The number of the line to tell for an instruction that is not known as one itself."""
    one: FrameType | None = frame
    while one is not None:
        key = id(one.f_code) + one.f_lasti
        site = known.get(key)
        if site is None:
            site = _classify(one, key)
        if site > 0:
            if site not in places:
                _tell(one, site, frame)
            return site
        if site == BOTTOM:
            break
        one = one.f_back
    site = id(frame.f_code) + frame.f_lasti
    if site not in places:
        _tell(frame, site, frame)
    return site if site in places else 0


def _classify(frame: FrameType, key: int) -> int:
    if len(known) >= MOST:
        return BOTTOM
    code = frame.f_code
    site = key
    if guard.is_ours_or_stdlib(code.co_filename):
        site = BOTTOM if code.co_name in BOTTOMS else INSIDE
    known[key] = site
    kept.append(code)
    return site


def _tell(frame: FrameType, site: int, inner: FrameType) -> None:
    with guard.quiet:
        if process.here is None or len(places) >= MOST:
            return
        code = frame.f_code
        line = frame.f_lineno or 0
        places[site] = f"{code.co_filename}:{line}"
        kept.append(code)
        process.here.event(
            layout.EV_SITE,
            site=site,
            file=code.co_filename,
            line=line,
            function=code.co_qualname,
            call=inner.f_code.co_qualname if inner is not frame else "",
        )


def note_order(record: Record, stack: list[Record]) -> None:
    """A mutex was taken while this thread has others: each pair is told once."""
    for first in stack[-HELD_MOST:]:  # a program that never releases may have thousands
        pair = first.address, record.address
        if pair not in orders and first is not record:
            _tell_order(first, record)


def _tell_order(first: Record, second: Record) -> None:
    with guard.quiet:
        if process.here is None or len(orders) >= MOST:
            return
        orders.add((first.address, second.address))
        process.here.event(
            layout.EV_ORDER,
            first=first.address,
            second=second.address,
            first_where=places.get(first.site, ""),
            second_where=places.get(second.site, ""),
            thread=identity.thread_name()[0],
        )


def note_not_owned(address: int, frame: FrameType) -> None:
    """A mutex was released that this process had not taken; told once for each line."""
    with guard.quiet:
        key = id(frame.f_code) + frame.f_lasti
        if key in strange or process.here is None or len(strange) >= MOST:
            return
        strange.add(key)
        kept.append(frame.f_code)
        process.here.event(layout.EV_NOT_OWNED, address=address, where=guard.where())


def forget() -> None:
    """A forked child tells its lines itself."""
    for each in (known, places, kept, orders, strange):
        each.clear()


process.on_fork.append(forget)
HELD_MOST = 16
