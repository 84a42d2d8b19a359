"""Time-outs of the program, and who stood at a breakpoint while they ran.

A program that gives its workers five seconds does not know that a person holds one of them at
a prompt. What it does about the time-out then looks like a fault of the program's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import signals
from mpdebug.model import CutShort, Delayed

if TYPE_CHECKING:
    from mpdebug.model import Process, Run, SignalSent, Stood, TimeOut

GUNICORN = "let its workers be silent for as long as you like: gunicorn --timeout 0"

SHARE = 0.1
"""A stop counts that takes this much of the time, or a second of it."""

LONG = 1_000_000_000


def delayed(run: Run) -> list[Delayed]:
    """The time-outs that struck while another process (or thread) of the run stood somewhere.

    In the order in which they struck.
    """
    stood = [(one, stop) for one in run.processes for stop in one.stood if not stop.reported]
    if not stood:
        return []
    found = [
        told
        for one in run.processes
        for timeout in one.timeouts
        if (told := _delayed(one, timeout, stood)) is not None
    ]
    return sorted(found, key=lambda told: (told.timeout.mono, told.process.key))


def _delayed(
    process: Process, timeout: TimeOut, stood: list[tuple[Process, Stood]]
) -> Delayed | None:
    enough = min((timeout.mono - timeout.begin) * SHARE, LONG)
    longest: dict[str, tuple[int, Process, Stood]] = {}
    for stander, stop in stood:
        if stander is process and stop.thread == timeout.thread:
            continue  # it was called at that very prompt
        overlap = overlap_of(timeout, stander, stop)
        if overlap > 0 and overlap >= enough:
            known = longest.get(stander.key)
            if known is None or overlap > known[0]:
                longest[stander.key] = overlap, stander, stop
    if not longest:
        return None
    overlap, stander, stop = max(longest.values(), key=lambda one: (one[0], -one[2].since))
    return Delayed(process, timeout, stander, stop, overlap, len(longest) - 1)


def overlap_of(timeout: TimeOut, stander: Process, stop: Stood) -> int:
    """How long (ns) that process stood there while the time-out ran; at most 0: not at all."""
    until = stop.until
    if until is None:
        until = stander.ended.mono if stander.ended is not None else timeout.mono
    return min(until, timeout.mono) - max(stop.since, timeout.begin)


def stood_at_end(process: Process) -> Stood | None:
    """The stop at which a process stood when somebody ended it.

    It stands there still by its own word; or a signal came while it stood there, and what the
    program's handler of that signal raised ended the stop and then the process.
    """
    last = next((stop for stop in reversed(process.stood) if not stop.reported), None)
    if process.alive or last is None:
        return None
    if last.until is None or (last.how == "exception" and _signal_in(process, last)):
        return last
    return None


def cut_short(run: Run) -> list[CutShort]:
    """The stops that ended because another process of the run ended who stood there.

    A server that misses its worker's sign of life, a Pool that is closed.
    """
    by_key = {one.key: one for one in run.processes}
    found = []
    for one in run.processes:
        stop = stood_at_end(one) if one.signals and one.stood else None
        sent = _signal_in(one, stop) if stop is not None else None
        if stop is not None and sent is not None:
            name = signals.name_of(sent.signal)
            cure = GUNICORN if "gunicorn/arbiter" in sent.where else ""
            found.append(CutShort(one, stop, sent, by_key.get(sent.sender), name, cure))
    return found


def _signal_in(process: Process, stop: Stood) -> SignalSent | None:
    """The first signal that another process of the run sent while it stood there."""
    for sent in process.signals:
        if sent.sender != process.key and sent.mono >= stop.since:
            return sent if stop.until is None or sent.mono <= stop.until else None
    return None
