"""What the tests of recorded events share: the notes of a run, by their kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mpdebug.model import Run


def notes(run: Run, *kinds: str) -> list[dict[str, Any]]:
    """What processes said of these kinds, in the order of time, with who said it."""
    found = [
        {**note.said, "by": process.name}
        for process in run.processes
        for note in process.notes
        if note.kind in kinds
    ]
    return sorted(found, key=lambda said: said["mono"])
