"""Locks that went well this time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis.trouble import trouble
from mpdebug.diagnosis.troubles.locks import is_part_of_queue
from mpdebug.model_waits import PROVED, SUSPECTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.known import Known
    from mpdebug.model_waits import Finding, LockNote

ORDER, NOT_OWNED, UNOPENED = "order", "not owned", "unopened"  # rundir.layout.EV_…

Pair = tuple[str, str]


@trouble("lock-order")
def lock_order(known: Known) -> Iterator[Finding]:
    """Two locks are taken in opposite orders by different processes.

    Nobody hung this time. But when one process has taken the first and another the second, each
    waits for the other for ever. It happens seldom, and mostly in production.

    What to do: take locks in the same order everywhere.
    """
    orders: defaultdict[Pair, list[LockNote]] = defaultdict(list)
    for note in known.picture.lock_notes:
        if note.kind == ORDER and all(note.things):
            orders[note.things[0], note.things[1]].append(note)
    for (one, two), notes in orders.items():
        others = orders.get((two, one), ())
        if one < two and others and _may_meet(notes, others) and not _gated(orders, one, two):
            first, second = _apart(notes, others)
            yield known.finding(
                "lock-order",
                f"possible deadlock: {known.thing(one)} and {known.thing(two)} are taken in"
                " opposite orders",
                certainty=SUSPECTED,
                processes=[first.process, second.process],
                things=[one, two],
                evidence=[
                    (known.name(note.process), _told(known, note)) for note in (first, second)
                ],
                cure="take these two locks in the same order everywhere",
                settle="whether both can be there at the same time",
                standing=False,
                mono=second.mono,
            )


def _who(note: LockNote) -> tuple[str, str]:
    return note.process, str(note.said.get("thread") or "")


def _may_meet(notes: list[LockNote], others: list[LockNote]) -> bool:
    """Whether different threads or processes did it: one alone never meets itself."""
    return len({_who(note) for note in (*notes, *others)}) > 1


def _apart(notes: list[LockNote], others: list[LockNote]) -> tuple[LockNote, LockNote]:
    for first in notes:
        for second in others:
            if _who(first) != _who(second):
                return first, second
    return notes[0], others[0]


def _gated(orders: dict[Pair, list[LockNote]], one: str, two: str) -> bool:
    """Whether everybody holds a third lock meanwhile, so that they never meet."""
    people = {_who(note) for pair in ((one, two), (two, one)) for note in orders[pair]}
    for gate in {first for first, second in orders if second in (one, two)} - {one, two}:
        under = [{_who(note) for note in orders.get((gate, lock), ())} for lock in (one, two)]
        if people <= under[0] and people <= under[1]:
            return True
    return False


def _told(known: Known, note: LockNote) -> str:
    first, second = (known.short(ident) for ident in note.things)
    places = [
        known.place(str(note.said.get(name) or "")) for name in ("first_where", "second_where")
    ]
    return f"took {first} at {places[0]}, and then {second} at {places[1]}"


@trouble("lock-not-owned")
def lock_not_owned(known: Known) -> Iterator[Finding]:
    """A process released a lock that it had not taken.

    multiprocessing.Lock has no owner: anybody may release it. When another process is inside
    at that moment, two are inside then.

    What to do: let only the one that took a lock release it (`with lock:`). To pass a word from
    one process to another, use an Event, a Semaphore or a Condition.
    """
    for note in known.picture.lock_notes:
        if note.kind != NOT_OWNED or not all(note.things):
            continue
        (ident,) = note.things
        if is_part_of_queue(known, ident):
            continue
        where = known.place(str(note.said.get("where") or ""))
        yield known.finding(
            "lock-not-owned",
            f"{known.who(note.process)} released {known.thing(ident)}, which it had not taken",
            certainty=SUSPECTED,
            processes=[note.process],
            things=[ident],
            evidence=[("released", f"at {where}" if where else "")],
            cure="let only the one that took it release it; to pass a word use an Event",
            settle="whether another process was inside: then two were",
            standing=False,
            mono=note.mono,
        )


@trouble("lock-freed")
def lock_freed(known: Known) -> Iterator[Finding]:
    """A lock, event or queue was gone before the child that got it had begun.

    Under spawn and forkserver a child opens it by name. The parent removes that name when it
    has no reference left, as for one made inside args=(…).

    What to do: keep it in a variable of the parent until the child has started.
    """
    for note in known.picture.lock_notes:
        if note.kind != UNOPENED:
            continue
        (ident,) = note.things
        yield known.finding(
            "lock-freed",
            f"{known.thing(ident) if ident else 'a lock'} was freed by its maker before"
            f" {known.who(note.process)} opened it",
            certainty=PROVED,
            processes=[note.process],
            things=[ident] if ident else (),
            evidence=[("died", known.fate(note.process))],
            cure="keep it in a variable of the parent until the child has started",
            standing=False,
            mono=note.mono,
        )
