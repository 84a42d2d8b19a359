"""Places in the program: short paths, and the frames that a person cares about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import Frame, Raised

LIBRARY = re.compile(
    r"^<|/(?:site|dist)-packages/|/lib(?:64)?/python\d|/mpdebug/(?:agent|patch)/"
)
INSTALLED = re.compile(r".*/(?:site|dist)-packages/|.*/lib(?:64)?/python\d[\d.]*t?/")
OURS = re.compile(r"/mpdebug/(?:agent|patch|entry)/")
MACHINERY = re.compile(
    r"/multiprocess(?:ing)?/(?:process|pool|spawn|forkserver|popen_\w+|context)\.py$"
    r"|/billiard/(?:process|pool|spawn|forkserver|popen_\w+|context)\.py$"
    r"|/concurrent/futures/process\.py$|/loky/(?:process_executor|backend/\w+)\.py$"
    r"|/mpdebug/(?:agent|patch)/|^<frozen |^<string>$"
)
"""What stands between the start of a process and the function it was started for."""


def short(path: str, cwd: str) -> str:
    """A path without the working directory, or without what Python is installed in."""
    home = cwd.rstrip("/") + "/"
    if len(home) > 1 and path.startswith(home):
        return path[len(home) :]
    return INSTALLED.sub("", path)


def short_place(place: str, cwd: str) -> str:
    """`file:line` with a short path."""
    path, colon, line = place.rpartition(":")
    return f"{short(path, cwd)}:{line}" if colon else short(place, cwd)


def frame_place(frame: Frame, cwd: str) -> str:
    """`app.py:4 in work`."""
    text = f"{short(frame.file, cwd)}:{frame.line}"
    return text if frame.function == "<module>" else f"{text} in {frame.function}"


def is_library(frame: Frame) -> bool:
    """Whether this line belongs to Python or to an installed package, not to the program."""
    return bool(LIBRARY.search(frame.file))


def is_machinery(frame: Frame) -> bool:
    """Whether this line belongs to what starts processes and hands tasks to them."""
    return bool(MACHINERY.search(frame.file))


def innermost(frames: Sequence[Frame]) -> Frame | None:
    """The last line of the program's own in a stack; where it has none, the last line."""
    own = [frame for frame in frames if not is_library(frame)]
    return own[-1] if own else frames[-1] if frames else None


def without_ours(frames: Sequence[Frame]) -> Sequence[Frame]:
    """The stack without our wrappers; with them where there is nothing else."""
    return [frame for frame in frames if not OURS.search(frame.file)] or frames


def program_frames(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """The stack without what brought the process to its function (innermost last).

    A forked child's stack begins with its parent's: everything up to the `_launch` that forked
    it goes first, then the frames of multiprocessing or of an executor below it.
    """
    rest = list(after_fork(frames))
    while len(rest) > 1 and is_machinery(rest[0]):
        rest.pop(0)
    return tuple(rest)


def after_fork(frames: Sequence[Frame]) -> Sequence[Frame]:
    """The stack of a forked child without that of its parent."""
    forks = [at for at, frame in enumerate(frames[:-1]) if _forks(frame)]
    return frames[forks[-1] + 1 :] if forks else frames


def _forks(frame: Frame) -> bool:
    """Whether this line of multiprocessing makes a child that goes on with the same stack."""
    if frame.file.endswith("/popen_fork.py"):
        return frame.function.endswith("_launch")
    return frame.file.endswith("/forkserver.py") and frame.function == "_serve_one"


def chain(raised: Raised) -> list[Raised]:
    """An exception and what it came from, the last raised first."""
    found: list[Raised] = []
    one: Raised | None = raised
    while one is not None and len(found) < 20:  # noqa: PLR2004 - as deep as an agent writes
        found.append(one)
        one = one.cause or one.context
    return found


def first_line(text: str, room: int = 200) -> str:
    """The first line of a text that says something, bounded."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= room else line[: room - 1] + "…"
