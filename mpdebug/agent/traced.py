"""Watching lines with sys.settrace, where there is no sys.monitoring (Python 3.11).

Every call in the process then costs a call of ours, and every line of a function that has a
breakpoint another: the program is told to be slow. Reached are the thread that takes the
nudge (the main one), at once and where it is, and threads that begin later; not threads that
run already: Python 3.11 has no way into them. A tracer of the program (coverage, a debugger)
is never replaced.
"""

from __future__ import annotations

import sys

from mpdebug.agent import guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

lines_of: Callable[[CodeType], dict[int, Any] | None]
at: Callable[[Any, Any], bool]
known: dict[int, tuple[CodeType, dict[int, Any]]] = {}
elsewhere: set[str] = set()
"""Files without breakpoints, as code objects name them."""

MOST = 10_000  # such names; generated code may have a new one each time
on = False


def start(
    find: Callable[[CodeType], dict[int, Any] | None], hit: Callable[[Any, Any], bool]
) -> str:
    """Watch the lines that `find` tells of, from now on; returns why not, or "".

    See `monitored.start`.
    """
    global on, lines_of, at  # noqa: PLW0603
    lines_of, at = find, hit
    known.clear()
    elsewhere.clear()
    tracer = sys.gettrace()
    if tracer is not None and tracer is not on_call:
        kind = type(tracer) if not hasattr(tracer, "__qualname__") else tracer
        return f"the program has a tracer of its own: {kind.__module__}.{kind.__qualname__}"
    on = True
    threading = sys.modules.get("threading")
    if threading is not None and threading.gettrace() is None:
        threading.settrace(on_call)
    trace_from(sys._getframe(1))  # noqa: SLF001
    sys.settrace(on_call)
    return ""


def stop() -> None:
    """Watch nothing any more, in this thread at once, in others at their next call."""
    global on  # noqa: PLW0603
    on = False
    threading = sys.modules.get("threading")
    if threading is not None and threading.gettrace() is on_call:
        threading.settrace(None)
    if sys.gettrace() is on_call:
        sys.settrace(None)
    known.clear()
    elsewhere.clear()


def trace_from(frame: FrameType | None) -> None:
    """Look at the functions that run in this thread."""
    while frame is not None:
        if watched(frame.f_code):
            frame.f_trace = on_line
        frame = frame.f_back


def again(frame: FrameType) -> Any:
    """A debugger is done with this thread; returns what traces this frame from now on."""
    with guard.quiet:
        if on and sys.gettrace() is on_call:
            trace_from(frame)
            return on_line if watched(frame.f_code) else None
    return None


def watched(code: CodeType) -> dict[int, Any] | None:
    """The lines of a code object that have breakpoints; asked once where its file has some."""
    name = code.co_filename
    if name in elsewhere:
        return None
    found = known.get(id(code))
    if found is not None:
        return found[1]
    lines = lines_of(code)
    if lines is not None:
        known[id(code)] = (code, lines)
    elif len(elsewhere) < MOST:
        elsewhere.add(name)
    return lines


def on_call(frame: FrameType, _event: str, _arg: object) -> Any:
    """A function is called, or a generator goes on."""
    if frame.f_code.co_filename in elsewhere:
        return None
    with guard.quiet:
        if on:
            return on_line if watched(frame.f_code) else None
        if sys.gettrace() is on_call:
            sys.settrace(None)
    return None


def on_line(frame: FrameType, event: str, _arg: object) -> Any:
    """Something happens in a function that has a breakpoint."""
    if event != "line" or not on:
        return on_line if on else None
    lines = watched(frame.f_code)
    found = lines.get(frame.f_lineno) if lines else None
    if found is None:
        return on_line
    try:
        at(frame, found)
    except BaseException as error:
        guard.drop_frame(error)
        raise
    if sys.gettrace() is on_call:
        trace_from(frame)
        return on_line
    if sys.gettrace() is None and on:  # the debugger took itself off
        sys.settrace(on_call)
        trace_from(frame)
    return None  # what the debugger has left in f_trace
