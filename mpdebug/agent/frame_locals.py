"""Locals that a person changes at a prompt reach the frame also where Python forgets them.

Up to 3.12 `frame.f_locals` is a copy. Python writes it back after a trace function, and so
does it for stock pdb, whose prompt is always inside of one. Ours is not: a `breakpoint()` is a
plain call, and a live breakpoint a callback of sys.monitoring.
"""

from __future__ import annotations

from contextlib import contextmanager

from mpdebug import env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import Any


@contextmanager
def written_back(debugger: Any) -> Iterator[None]:
    """While a command is done that may change locals of the frame the debugger looks at."""
    frame = debugger.curframe
    try:
        yield
    finally:
        if frame is not None and not env.LOCALS_WRITE_THROUGH:
            write_back(frame)


def write_back(frame: FrameType) -> None:
    """Make what `frame.f_locals` says true, up to 3.12."""
    import ctypes  # noqa: PLC0415 - a newer Python needs none

    to_fast = getattr(ctypes.pythonapi, "PyFrame_LocalsToFast", None)
    if to_fast is not None:
        to_fast(ctypes.py_object(frame), ctypes.c_int(1))  # 1: what was deleted too
        frame.f_locals  # noqa: B018 - asked for again, or the next change is not written
