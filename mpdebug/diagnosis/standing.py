"""Who waits where and for what, a line for all that do the same."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis import relations, steps
from mpdebug.diagnosis.stops import fold_names
from mpdebug.diagnosis.troubles.queues import joins
from mpdebug.model_waits import ENDLESS, RUNS, STOPPED

if TYPE_CHECKING:
    from mpdebug.diagnosis.known import Known
    from mpdebug.model import Process
    from mpdebug.model_waits import Wait

IDLERS = (relations.POOL_WORKER, relations.EXECUTOR_WORKER)


def rows(known: Known) -> list[tuple[str, str]]:
    """(names, what they do) of all living processes; those that do the same are one row."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in known.run.processes:
        if one.alive and one.role != "resource tracker":
            found[_words(known, one)].append(one.name)
    return [(fold_names(names), words) for words, names in found.items()]


def _words(known: Known, one: Process) -> str:
    wait = known.main_wait(one.key)
    if one.stops:
        stop = one.stops[-1]
        return f"stopped at a breakpoint at {known.place(f'{stop.file}:{stop.line}')}"
    if wait is None:
        why = dict(known.picture.unread).get(one.key, "")
        return f"not known: {why}" if why else "not known"
    if wait.kind == STOPPED:
        return "halted"
    debugger = _waits_on_debugger(known, one, wait)
    if debugger:
        return debugger
    idle = steps.idle(wait.frames)
    if idle or (one.role in IDLERS and one.task is None and wait.kind != RUNS):
        return idle or steps.FOR_WORK
    return _at(known, wait)


def _at(known: Known, wait: Wait) -> str:
    """`Process.join at app.py:9 in main`: without the time, so that equal ones fold."""
    place = known.at(wait)
    call = known.call(wait)
    what = call or wait.words or ("runs" if wait.kind == RUNS else "waits")
    return f"{what} at {place}" if place else what


def _waits_on_debugger(known: Known, one: Process, wait: Wait) -> str:
    """That it waits for a process which stands at a breakpoint; empty where it does not."""
    others = joins(known, one.key)
    if wait.kind in ENDLESS:  # for a result of one of its workers, mostly
        others |= {each.key for each in known.run.processes if each.parent == one.key}
    others |= {hold.process for ident in wait.things if (hold := known.holder(ident))}
    for key in others:
        other = known.process(key)
        if other is not None and other.stops and key != one.key:
            stop = other.stops[-1]
            place = known.place(f"{stop.file}:{stop.line}")
            return f"waits on the debugger: {known.who(key)} is stopped at {place}"
    return ""
