"""A read and a write of one thing in one line, with nothing locked: what `x += 1` comes to.

Both are locked on their own, and between the two any other process may write. Told once for
each line; that several processes do it is for diagnosis to see.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from mpdebug.agent import encode, process
from mpdebug.patch import guarded
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

SITES = 50
"""Places that one process tells at most."""

last: dict[int, tuple[Any, int, int]] = {}
"""Thread → (what it read last, id of the frame, where in its code)."""

told: set[tuple[CodeType, int]] = set()


def read(thing: Any, frame: FrameType) -> None:
    """The program has read this, in this frame."""
    last[get_ident()] = (thing, id(frame), frame.f_lasti)


def wrote(thing: Any, frame: FrameType, describe: Callable[[], dict[str, Any]]) -> None:
    """And now it writes it."""
    before = last.pop(get_ident(), None)
    if before is None or before[:2] != (thing, id(frame)) or len(told) >= SITES:
        return
    code, line = frame.f_code, frame.f_lineno
    if (code, line) in told or line_of(code, before[2]) != line:
        return
    here = process.here
    if here is not None and not guarded.by_this_thread():
        told.add((code, line))
        here.event(
            layout.EV_READ_WRITE, where=f"{code.co_filename}:{line}", function=code.co_name,
            **describe(),
        )  # fmt: skip


def line_of(code: CodeType, at: int) -> int | None:
    """The line of an instruction."""
    for start, end, line in code.co_lines():
        if start <= at < end:
            return line
    return None


def short(value: Any) -> str:
    """An index or key, for people; of what is not plain only the type."""
    if type(value) in (int, str, float, bool, bytes, type(None)):
        return encode.safe_str(repr(value))[:60]
    return f"<{type(value).__name__}>"


def caller(depth: int) -> FrameType:
    """The frame of who called so far below the caller of this."""
    return sys._getframe(depth + 1)  # noqa: SLF001


def forget() -> None:
    """A forked child tells its own."""
    last.clear()
    told.clear()
    own = get_ident()
    for key in [key for key in guarded.remote if key[0] != own]:
        del guarded.remote[key]


process.on_fork.append(forget)
