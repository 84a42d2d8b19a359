"""Source lines for frames that came without them (a crash leaves only file and line)."""

from __future__ import annotations

import dataclasses
import linecache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Frame


def with_source(frames: Iterable[Frame]) -> tuple[Frame, ...]:
    """The same frames, each with its line of source where its file is still there.

    The file is read now: a program that was changed since shows a line that is not the one
    that ran. An exception's frames have their source from the process that raised it.
    """
    return tuple(
        frame
        if frame.source
        else dataclasses.replace(
            frame, source=linecache.getline(frame.file, frame.line).strip()
        )
        for frame in frames
    )


def lines_at(places: Iterable[str]) -> dict[str, str]:
    """The line of source at each `file:line`, where its file is still there; read now."""
    found = {}
    for place in places:
        file, _, line = place.rpartition(":")
        if line.isdigit() and (text := linecache.getline(file, int(line))):
            found[place] = text.strip()
    return found
