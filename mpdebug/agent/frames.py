"""The stacks of all threads with their locals, written down when a reader asks for them.

faulthandler tells no locals, so this is Python: it runs in the handler of the nudge, and not
where the main thread is in C code that does not come back. Nothing of the program is called:
of a value that is not plain only the type is told.
"""

from __future__ import annotations

import _thread
import os
import sys

from mpdebug.agent import encode, guard, process, stop_facts
from mpdebug.agent.clock import Clock
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

DEEPEST = 100
"""Frames of a thread, from the innermost on."""

WITH_LOCALS = 10
"""So many of them, if they are the program's own, are told with their locals."""


def tell(here: process.Agent, interrupted: FrameType) -> None:
    """Write what all threads do to the file that the reader waits for. Raises OSError.

    Args:
        here: the agent of this process.
        interrupted: where the signal struck this thread, which is the main one.
    """
    own = _thread.get_ident()
    frames = {**sys._current_frames(), own: interrupted}  # noqa: SLF001 - documented
    threading: Any = sys.modules.get("threading")
    active = getattr(threading, "_active", {})
    threads = [
        {
            "ident": ident,
            "main": ident == own,
            "name": getattr(active.get(ident), "_name", ""),
            "frames": _frames(frame),
        }
        for ident, frame in frames.items()
    ]
    said = {"format": layout.FORMAT, "mono": Clock.mono(), "threads": threads}
    path = os.path.join(here.path, layout.FRAMES)
    fd = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, encode.encode_object(said).encode() + b"\n")
    finally:
        os.close(fd)
    os.rename(f"{path}.new", path)


def _frames(innermost: FrameType) -> list[list[Any]]:
    """[file, line, function, locals] of each frame, innermost first."""
    found: list[list[Any]] = []
    told = 0
    frame: FrameType | None = innermost
    while frame is not None and len(found) < DEEPEST:
        code = frame.f_code
        values: dict[str, str] = {}
        if told < WITH_LOCALS and not guard.is_ours_or_stdlib(code.co_filename):
            told += 1
            with guard.quiet:
                values = stop_facts.plain_locals(frame)
        found.append([code.co_filename, frame.f_lineno or 0, code.co_name, values])
        frame = frame.f_back
    return found
