"""Barriers and events at which somebody waits for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import managers, relations
from mpdebug.diagnosis.trouble import trouble
from mpdebug.diagnosis.troubles.locks import HELD, is_part_of_queue
from mpdebug.diagnosis.troubles.queues import ends, whole
from mpdebug.model_waits import SEMAPHORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.known import Known
    from mpdebug.model import Process
    from mpdebug.model_waits import Finding, Wait

BARRIER = "barrier"  # rundir.layout.EV_BARRIER


@trouble("barrier-party-gone")
def barrier_party_gone(known: Known) -> Iterator[Finding]:
    """Processes wait at a Barrier for one that died.

    A Barrier lets go when all its parties have come. One that ended before it came is never
    replaced.

    What to do: give Barrier(n, timeout=…) a time-out, and call barrier.abort() where a party
    fails, so that the others get BrokenBarrierError.
    """
    for thing, parties, waits in _at_barriers(known):
        keys = [wait.process for wait in waits]
        gone = _gone_beside(known, keys[0])
        bad = [one for one in gone if one.key in known.deaths] or gone
        if not gone:
            continue
        of = f" ({len(waits)} of {parties} have come)" if parties else ""
        yield known.finding(
            "barrier-party-gone",
            f"{known.whos(keys)} wait at {thing}{of}, and"
            f" {known.whos(one.key for one in bad[:3])} ended before it came there",
            processes=[*keys, *(one.key for one in bad[:3])],
            things=[ident for wait in waits for ident in wait.things],
            evidence=[*ends(known, bad), *known.lines(waits)],
            cure="mend what ended it; give the Barrier a time-out, or abort() it if a party"
            " fails",
            mono=max(wait.since for wait in waits),
        )


@trouble("barrier-too-few")
def barrier_too_few(known: Known) -> Iterator[Finding]:
    """Processes wait at a Barrier, and nobody is left who could come to it.

    A Barrier of n parties lets go when n have come. Fewer were started than it was made for,
    or the others wait for something themselves.

    What to do: make the Barrier for as many as call wait(), the main process too if it does.
    """
    for thing, parties, waits in _at_barriers(known):
        keys = [wait.process for wait in waits]
        if _gone_beside(known, keys[0]) or any(known.is_worker(key) for key in keys):
            continue  # those of a Pool: pool-starved
        many = len(set(keys)) > 1
        of = f": {len(waits)} of {parties} parties have come" if parties else ""
        yield known.finding(
            "barrier-too-few",
            f"{known.whos(keys)} wait{'' if many else 's'} at {thing}{of}, and nobody else is"
            " left who could",
            processes=keys,
            things=[ident for wait in waits for ident in wait.things],
            evidence=known.lines(waits),
            cure="make the Barrier for as many parties as call wait()",
            mono=max(wait.since for wait in waits),
        )


def _at_barriers(known: Known) -> Iterator[tuple[str, int, list[Wait]]]:
    """Barriers at which somebody waits for ever: its name, its parties (0: unknown), who."""
    found: dict[str, list[Wait]] = {}
    for wait in known.picture.waits:
        one = known.process(wait.process)
        if one is None or one.role == managers.ROLE:
            continue  # for its clients, which wait for an answer
        if "Barrier.wait" in known.calls(wait) and known.is_dead(wait):
            place = next(filter(None, map(known.made_at, wait.things)), "")
            found.setdefault(place, []).append(wait)
    notes = [note.said for _, note in known.notes(BARRIER)]
    for place, waits in found.items():
        thing = next((known.thing(ident) for wait in waits for ident in wait.things), "")
        made = {int(said.get("parties") or 0) for said in notes if said.get("where") == place}
        parties = made.pop() if len(made) == 1 else 0
        yield whole(thing or "a Barrier"), parties, waits


def _gone_beside(known: Known, key: str) -> list[Process]:
    """The processes beside this one that have ended, and could have come."""
    return [
        one
        for one in known.siblings(key)
        if not one.alive and one.observed and one.role not in relations.QUIET_ROLES
    ]


@trouble("event-never-set")
def event_never_set(known: Known) -> Iterator[Finding]:
    """A process waits for an Event (or a Condition) that nobody is left to set.

    The process that should have set it has ended, or waits itself.

    What to do: set the event in a `finally`, or wait with a time-out and look whether the other
    process lives.
    """
    alike: dict[tuple[str, tuple[str, ...], str], list[Wait]] = {}
    for wait in known.picture.waits:
        calls = known.calls(wait)
        if wait.kind != SEMAPHORE or not known.is_dead(wait):
            continue
        if "Barrier.wait" in calls or "JoinableQueue.join" in calls:
            continue
        what = next((one for one in ("Event.wait", "Condition.wait") if one in calls), "")
        if not what:
            continue
        one = known.process(wait.process)
        alike.setdefault((what, wait.things, one.parent if one else ""), []).append(wait)
    for (what, things, _), waits in alike.items():
        thing = next((known.thing(ident) for ident in things), what.partition(".")[0])
        keys = dict.fromkeys(wait.process for wait in waits)
        gone = [
            one for one in known.siblings(waits[0].process) if not one.alive and one.observed
        ]
        bad = [one for one in gone if one.key in known.deaths] or gone
        kept = list(_held_back(known, waits))
        yield known.finding(
            "event-never-set",
            f"{known.whos(keys)} {'wait' if len(keys) > 1 else 'waits'} for {whole(thing)},"
            f" and nobody is left to {'set' if what.startswith('Event') else 'notify'} it",
            processes=[*keys, *(one.key for one in bad[:3])],
            things=waits[0].things,
            evidence=[*known.lines(waits), *kept, *ends(known, bad)],
            cure="do not wait for others while you hold a lock that they need"
            if kept
            else "let the one that should do it do so in a `finally`, or wait with a time-out",
            mono=max(wait.since for wait in waits),
        )


def _held_back(known: Known, waits: list[Wait]) -> Iterator[tuple[str, str]]:
    """Locks that one of these has, and for which others wait that might have set it."""
    for wait in waits:
        for hold in known.graph.holds_of(wait.process):
            others = [
                other.process
                for other in known.graph.waiters_of(hold.thing)
                if other.process != wait.process
            ]
            if hold.state == HELD and others and not is_part_of_queue(known, hold.thing):
                verb = "wait" if len(set(others)) > 1 else "waits"
                held = f"{known.thing(hold.thing)}{known.taken(hold)}"
                them = f"{known.whos(others)} {verb} for that"
                yield "holds", f"{known.who(wait.process)} {held}; {them}"
