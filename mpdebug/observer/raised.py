"""An exception as records.jsonl and exit.json have it, read back (see `agent/exceptions`)."""

from __future__ import annotations

from mpdebug.model import Frame, Raised

DEPTH = 20


def read_raised(said: object, depth: int = DEPTH) -> Raised | None:
    """The exception of this JSON object, with its chain; None if it is not one."""
    if not isinstance(said, dict) or depth <= 0:
        return None
    notes = said.get("notes")
    return Raised(
        type=str(said.get("type", "")),
        message=str(said.get("message", "")),
        frames=read_frames(said.get("frames")),
        cause=read_raised(said.get("cause"), depth - 1),
        context=read_raised(said.get("context"), depth - 1),
        notes=tuple(map(str, notes)) if isinstance(notes, list) else (),
        text=str(said.get("text", "")),
    )


def read_frames(said: object) -> tuple[Frame, ...]:
    """Frames of a JSON list [[file, line, function, source], …], outermost first."""
    if not isinstance(said, list):
        return ()
    frames = []
    for one in said:
        if isinstance(one, list) and len(one) >= 3:  # noqa: PLR2004 - file, line, function
            source = str(one[3]) if len(one) > 3 else ""  # noqa: PLR2004
            line = one[1] if isinstance(one[1], int) else 0
            frames.append(Frame(str(one[0]), line, str(one[2]), source))
    return tuple(frames)
