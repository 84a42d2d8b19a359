"""A manager that is gone: all that used it fail, with words that do not name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import places
from mpdebug.model_waits import PROVED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Process, Raised, Run

ROLE = "manager"
CURE = (
    "keep the manager alive until the last process that uses it has ended: it holds the only "
    "copy of what its proxies stand for"
)
FAILURES = frozenset((
    "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "FileNotFoundError",
    "EOFError",
))  # fmt: skip
"""What a call through a proxy raises when nobody is there."""


def used_a_proxy(raised: Raised) -> bool:
    """Whether this exception came of a call through a proxy that found nobody."""
    return raised.type in FAILURES and any(
        frame.file.endswith("/managers.py") for frame in raised.frames
    )


def gone(raised: Raised, mono: int, people: Relations) -> Process | None:
    """The manager that had ended when that was raised: the last one, if it is one of those."""
    if not used_a_proxy(raised):
        return None
    over = [
        one
        for one in people.run.processes
        if one.role == ROLE and one.ended is not None and one.ended.mono <= mono
    ]
    return max(over, key=lambda one: one.ended.mono if one.ended else 0, default=None)


def how_it_ended(manager: Process, people: Relations) -> str:
    """`was killed by SIGKILL, sent by MainProcess (pid 4) at app.py:8`."""
    from mpdebug.diagnosis import signals  # noqa: PLC0415 - it explains by way of us

    status = manager.ended.status if manager.ended else None
    if status is None or status >= 0:
        return "had ended"
    name = signals.name_of(-status)
    sent = signals.last_sent(manager, -status)
    if sent is None:
        return f"was killed by {name}"
    at = f" at {places.short_place(sent.where, people.cwd)}" if sent.where else ""
    return f"was killed by {name}, sent by {people.label(sent.sender)}{at}"


def findings(run: Run, people: Relations) -> Iterator[Finding]:
    """manager-gone: every later call through its proxies fails, with a bare connection error.

    Of a manager that ended by a signal; one that was shut down is worth a word only to who
    failed of it, which `deaths` says.
    """
    for manager in run.processes:
        ended = manager.ended
        if manager.role != ROLE or ended is None or ended.status is None or ended.status >= 0:
            continue
        failed = [one for one in run.processes if _failed_of(one, manager, people)]
        main = people.main
        if not failed and (main is None or not main.alive):
            continue  # it went with the rest, and nobody missed it
        made = places.short_place(manager.started_where, people.cwd)
        yield Finding(
            kind="manager-gone",
            certainty=PROVED,
            title=f"the manager {manager.name} (pid {manager.pid}, made at {made}) "
            f"{how_it_ended(manager, people)}: every call through its proxies fails",
            processes=(manager.key, *(one.key for one in failed)),
            evidence=tuple(("failed", _failure(one, people)) for one in failed[:8]),
            cure=CURE,
            mono=ended.mono,
            standing=False,
        )


def _failed_of(one: Process, manager: Process, people: Relations) -> bool:
    raised = one.goodbye.raised if one.goodbye else None
    mono = one.goodbye.mono if one.goodbye else 0
    return raised is not None and gone(raised, mono, people) is manager


def _failure(one: Process, people: Relations) -> str:
    raised = one.goodbye.raised if one.goodbye else None
    frame = places.innermost(raised.frames) if raised else None
    at = f" at {places.frame_place(frame, people.cwd)}" if frame else ""
    return f"{people.label(one.key)} of {raised.type if raised else '?'}{at}"
