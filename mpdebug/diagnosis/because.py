"""What an exception does not say: that its cause is in another process, and what it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mpdebug.diagnosis import managers, places, segments
from mpdebug.model import Frame

if TYPE_CHECKING:
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Raised

Details = list[tuple[str, str]]

REMOTE = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
SEGMENT = re.compile(r"'/(\w+)'")


def because(raised: Raised, mono: int, people: Relations) -> Details:
    """(label, text) of what is known of its cause, and a cure where there is one."""
    return _of_worker(raised, people) or _of_manager(raised, mono, people) or (
        _of_segment(raised, people)
    )  # fmt: skip


def _of_worker(raised: Raised, people: Relations) -> Details:
    """An exception of a worker, raised again where its result was asked for."""
    cause = raised.cause
    if cause is None or not cause.type.endswith(("RemoteTraceback", "_ExceptionWithTraceback")):
        return []
    frames = [
        Frame(file, int(line), function)
        for file, line, function in REMOTE.findall(cause.message or cause.text)
    ]
    frame = places.innermost(frames)
    if frame is None or places.is_library(frame):
        return []
    return [("raised at", f"{places.frame_place(frame, people.cwd)}, in a worker")]


def _of_manager(raised: Raised, mono: int, people: Relations) -> Details:
    manager = managers.gone(raised, mono, people)
    if manager is None or manager.ended is None:
        return []
    seconds = max(mono - manager.ended.mono, 0) / 1e9
    how = managers.how_it_ended(manager, people)
    made = places.short_place(manager.started_where, people.cwd)
    at = f", made at {made}," if made else ""
    said = f"its manager {manager.name} (pid {manager.pid}){at} {how}, {seconds:.1f} s before"
    return [("because", said), ("cure", managers.CURE)]


def _of_segment(raised: Raised, people: Relations) -> Details:
    """Shared memory that is not there any more."""
    found = SEGMENT.search(raised.message) if raised.type == "FileNotFoundError" else None
    if found is None or not any(
        frame.file.endswith("/shared_memory.py") for frame in raised.frames
    ):
        return []
    facts = segments.Facts(people.run)
    name = f"/{found[1]}"
    for visit in segments.unlinked_by_a_visitor(facts, people):
        if name in visit.facts["names"]:
            return [("because", visit.title), ("cure", visit.cure)]
    if name in facts.unlinkers:
        who, note = facts.unlinkers[name]
        place = places.short_place(str(note.said.get("where") or ""), people.cwd)
        return [("because", f"{people.label(who.key)} had unlinked it at {place}")]
    return []
