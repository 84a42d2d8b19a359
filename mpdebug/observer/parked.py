"""Whether the main script has parked itself: it waits for Ctrl-C and for nothing else.

The kernel cannot tell `threading.Event().wait()`, by which a server passes its life, from a
wait for somebody who has died. Two things tell: an Event of the process's own that no thread of
the program could set, and a `try` around the wait that catches KeyboardInterrupt.
"""

from __future__ import annotations

import ast
import functools
import linecache
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mpdebug.model import Frame

WAIT = "Event.wait"
CTRL_C = "KeyboardInterrupt"


def until_ctrl_c(frames: Sequence[Frame], beside: Iterable[Sequence[Frame]]) -> bool:
    """Whether the main thread waits for Ctrl-C.

    Args:
        frames: its stack, outermost first; empty: not known.
        beside: the stacks of the other threads of its process.
    """
    at = next((n for n, frame in enumerate(frames) if frame.function == WAIT), 0)
    if not at or _is_librarys(frames[at - 1], frames[at]):
        return False  # a Pool's result waits so, too
    if os.path.basename(frames[at].file) == "threading.py":
        theirs = [each for each in beside if each]
        if all(_is_librarys(frame, frames[at]) for each in theirs for frame in each):
            return True
    return any(catches_ctrl_c(frame.file, frame.line) for frame in frames[:at])


def _is_librarys(frame: Frame, wait: Frame) -> bool:
    """Whether a frame is of the standard library, which has the other one."""
    library = os.path.dirname(wait.file).removesuffix(f"{os.sep}multiprocessing")
    return frame.file.startswith(f"{library}{os.sep}") and "-packages" not in frame.file


def catches_ctrl_c(file: str, line: int) -> bool:
    """Whether a line stands in a `try` that catches it by name, or in a `suppress` of it."""
    return any(first <= line <= last for first, last in _covered(file))


@functools.lru_cache(maxsize=64)
def _covered(file: str) -> tuple[tuple[int, int], ...]:
    """First and last line of each block of a file in which Ctrl-C is caught by its name."""
    text = "".join(linecache.getlines(file))
    if CTRL_C not in text:
        return ()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found = []
    for node in ast.walk(tree):
        caught: list[ast.expr | None] = []
        if isinstance(node, ast.Try | ast.TryStar):
            caught = [handler.type for handler in node.handlers]
        elif isinstance(node, ast.With):
            caught = [item.context_expr for item in node.items]
        if any(one is not None and CTRL_C in ast.dump(one) for one in caught):
            body = node.body  # type: ignore[attr-defined]
            found.append((body[0].lineno, body[-1].end_lineno or body[-1].lineno))
    return tuple(found)
