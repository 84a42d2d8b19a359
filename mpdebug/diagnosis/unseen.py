"""Who may have sent a signal that no observed process was seen to send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places

if TYPE_CHECKING:
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Process

ANYBODY = "nobody observed: outside, a started command, C code or the system"
"""All that is left: a person or a service, a shell's `kill`, kill() in C, a hard limit."""

ITSELF = "perhaps itself: there is a kill in its command"
KILLS = re.compile(r"(?:^|[\s;&|(/'\"`])(?:kill|pkill|killall)(?=\s|$)")
"""A command line that sends signals, also one within `sh -c`."""

ABOUT = 300_000_000
"""ns by which a kill may have ended before, or have been told of after, the death it caused."""


def sender(process: Process, mono: int, people: Relations) -> str:
    """A command of the program's that kills and was there at `mono`; else all that may be."""
    found = [
        one
        for one in people.run.processes
        if _kills(one) and _was_there(one, mono) and not _spares(one, process.pid)
    ]
    if not found:
        return ANYBODY
    # Of several the one that names its victim; a name or a variable may mean it as well.
    one = max(found, key=lambda one: (_names(one, process.pid), one.mono))
    if one is process:
        return ITSELF
    parent = people.parent(one)
    by = f", which {parent.name} started" if parent else ""
    at = places.short_place(one.started_where, people.cwd)
    return f"perhaps by {people.label(one.key)}{by}{f' at {at}' if by and at else ''}"


def _kills(one: Process) -> bool:
    return not one.observed and bool(KILLS.search(" ".join(one.argv)))


def _spares(one: Process, pid: int) -> bool:
    """Whether it is a plain `kill` of others, whose pids it was given."""
    victims = [word for word in one.argv[1:] if not word.startswith("-")]
    by_pid = bool(victims) and all(word.isdigit() for word in victims)
    return one.argv[0].rpartition("/")[2] == "kill" and by_pid and str(pid) not in victims


def _was_there(one: Process, mono: int) -> bool:
    until = one.ended.mono if one.ended else mono
    return one.mono - ABOUT <= mono <= until + ABOUT


def _names(one: Process, pid: int) -> bool:
    return re.search(rf"\b{pid}\b", " ".join(one.argv)) is not None
