"""Why a program hangs, loses work or limps: all known troubles, looked for in one picture.

The first trouble to name a process's hang has it: what only says that it hangs, or how a
process died that a trouble already names, is left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mpdebug.diagnosis import jobs
from mpdebug.diagnosis.known import Known
from mpdebug.diagnosis.relations import MAIN
from mpdebug.diagnosis.trouble import TROUBLES
from mpdebug.diagnosis.troubles import (
    barriers,
    deaths,
    ends,
    locks,
    lost,
    order,
    pools,
    queues,
    unlooked,
)
from mpdebug.model_waits import PROVED, SUSPECTED

if TYPE_CHECKING:
    from mpdebug.diagnosis.trouble import Trouble
    from mpdebug.model import Run
    from mpdebug.model_waits import Finding, Picture

MODULES = (locks, queues, barriers, pools, unlooked, order, lost, ends, deaths)
"""Where the troubles are, in the order in which they are looked for."""

GENERAL = ("waits-for-ever", "suspected-hang", "exit-waits")
"""Kinds that say that something hangs, and not why."""

TOLD = ("pool-initializer-fails", "no-main-guard", "manager-gone", "daemon-terminated")
"""Kinds that are told by the deaths that they are made of, or only to who asks: a daemon that
watches something may be ended with its parent."""

ON_REQUEST = ("daemon-terminated", "lock-not-owned", "queue-not-empty")
"""Suspicions that are mostly meant so: they are told to somebody who asks."""

CIRCLES = ("lock-self", "deadlock")

WENT_ON = "whether that is meant: it went on after this was seen, and ended well"

ACCUSED = ("died", "crashed", "killed", "ended-by-os-exit", "executor-broken")
"""Kinds that only tell a death, which other findings tell better."""


def explain(picture: Picture) -> list[Finding]:
    """All findings: what is proved and keeps somebody waiting first.

    Args:
        picture: who waits for what. Of a run that has ended, one without waits.
    """
    return _found(Known(picture), in_order())


def _found(known: Known, functions: list[Trouble]) -> list[Finding]:
    found: list[Finding] = []
    for function in functions:
        for one in function(known):
            if not _is_told_by(one, found):
                found.append(one)
    return sorted(found, key=rank)


def in_order() -> list[Trouble]:
    """The functions by module: what names a cause comes before what only says that it hangs."""
    names = [module.__name__ for module in MODULES]
    functions = dict.fromkeys(TROUBLES.values())
    return sorted(functions, key=lambda one: names.index(one.__module__))


def _is_told_by(one: Finding, found: list[Finding]) -> bool:
    """Whether other findings say all that this one does, and more."""
    people = set(one.processes)
    if one.kind == "stands-still":
        return any(other.standing for other in found)
    if one.kind == "pool-starved":  # by who holds what its workers wait for
        return any(other.kind in CIRCLES and people & set(other.processes) for other in found)
    if one.kind in GENERAL:
        standing = [other for other in found if other.standing and other.certainty == PROVED]
        return any(people & set(other.processes) for other in standing)
    if one.kind in ACCUSED:
        # Of its own kind one may tell more: why the executor broke that ended main.
        same = [set(other.processes) for other in found if other.kind == one.kind]
        others = [set(other.processes) for other in found if other.kind not in ACCUSED]
        return any(people < other for other in same) or any(people <= other for other in others)
    same = [set(other.processes) for other in found if other.kind == one.kind]
    return bool(people) and any(people == other for other in same)


def at_end(picture: Picture) -> list[Finding]:
    """What is to be told of a run that is over: all but its deaths, which were told."""
    functions = [one for one in in_order() if one.__module__ != deaths.__name__]
    found = _found(Known(picture), functions)
    return [one for one in found if one.kind not in TOLD and one.kind not in ON_REQUEST]


def in_hindsight(run: Run, one: Finding) -> Finding:
    """What was found while the run lived; where it went on and ended well it was no proof."""
    people = {each.key: each for each in run.processes}
    waited = people.get(one.processes[0]) if one.processes else None
    main = next((each for each in run.processes if each.role == MAIN), None)
    if not one.standing or waited is None or main is None:
        return one
    if not (jobs.ended_well(waited) and jobs.ended_well(main)):
        return one
    return replace(one, standing=False, certainty=SUSPECTED, settle=WENT_ON)


def rank(one: Finding) -> tuple[bool, bool, int]:
    """Where a finding stands among others: standing, proved, and the oldest first."""
    return not one.standing, one.certainty != PROVED, one.mono


def is_worth_stacks(picture: Picture) -> bool:
    """Whether, without stacks, something is proved that stands: then they are asked for."""
    known = Known(picture)
    if known.proof.dead:
        return True
    if any(known.certainty_of_circle(one) == PROVED for one in known.graph.cycles()):
        return True
    return bool(locks.waiters_of_dead(known))
