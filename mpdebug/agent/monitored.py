"""Watching lines with sys.monitoring (PEP 669, Python 3.12 and newer).

Each code object is looked at once, when it starts or goes on for the first time. Only those
with a breakpoint get line events, and each of their other lines is turned off after the first
event: so what has no breakpoint costs nothing. Loops that run already, in any thread, are
found through their frames.

No debugger has this tool's number: bdb takes DEBUGGER_ID from whoever has it.
"""

from __future__ import annotations

import sys

from mpdebug.agent import guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

TOOLS = (4, 3)
"""Tool numbers that have no name: 0 to 2 and 5 are debugger, coverage, profiler, optimizer."""

api: Any = getattr(sys, "monitoring", None)
tool = -1
watched: dict[int, tuple[CodeType, dict[int, Any]]] = {}
"""id of a code object → it, and its lines with breakpoints. Equal code may be of two files."""

lines_of: Callable[[CodeType], dict[int, Any] | None]
at: Callable[[Any, Any], bool]


def start(
    find: Callable[[CodeType], dict[int, Any] | None], hit: Callable[[Any, Any], bool]
) -> str:
    """Watch the lines that `find` tells of, from now on; returns why not, or "".

    Called again after lines have changed, and in a forked child.

    Args:
        find: the lines of a code object that are watched, or None.
        hit: called with the frame and what `find` told of the line; whether to go on.
    """
    global tool, lines_of, at  # noqa: PLW0603
    lines_of, at = find, hit
    if tool < 0:
        tool = next((each for each in TOOLS if api.get_tool(each) is None), -1)
        if tool < 0:
            names = " and ".join(str(api.get_tool(each)) for each in TOOLS)
            return f"all numbers of sys.monitoring are taken, by {names}"
        api.use_tool_id(tool, "mpdebug")
        events = api.events
        api.register_callback(tool, events.PY_START, on_start)
        api.register_callback(tool, events.PY_RESUME, on_start)
        api.register_callback(tool, events.LINE, on_line)
        api.set_events(tool, events.PY_START | events.PY_RESUME)
    old = list(watched.values())
    watched.clear()
    for code, _ in old:
        if not look(code):
            api.set_local_events(tool, code, 0)
    api.restart_events()  # what was turned off may be a line with a breakpoint now
    for frame in sys._current_frames().values():  # noqa: SLF001
        above: Any = frame
        while above is not None:
            look(above.f_code)
            above = above.f_back
    return ""


def stop() -> None:
    """Watch nothing any more: no event, no number, no cost."""
    global tool
    if tool < 0:
        return
    old, tool = tool, -1
    api.set_events(old, 0)
    for code, _ in list(watched.values()):
        api.set_local_events(old, code, 0)
    watched.clear()
    for event in (api.events.PY_START, api.events.PY_RESUME, api.events.LINE):
        api.register_callback(old, event, None)
    api.free_tool_id(old)


def look(code: CodeType) -> bool:
    """Ask for the line events of a code object, if it has a breakpoint."""
    lines = lines_of(code)
    if not lines:
        return False
    watched[id(code)] = (code, lines)
    api.set_local_events(tool, code, api.events.LINE)
    return True


def on_start(code: CodeType, _offset: int) -> Any:
    """A code object starts, or a generator goes on: looked at once."""
    with guard.quiet:
        if tool >= 0 and id(code) not in watched:
            look(code)
    return api.DISABLE


def on_line(code: CodeType, line: int) -> Any:
    """A line of a code object that has a breakpoint."""
    found = watched.get(id(code))
    if found is None or line not in found[1]:
        return api.DISABLE
    try:
        again = at(sys._getframe(1), found[1][line])  # noqa: SLF001
    except BaseException as error:
        guard.drop_frame(error)
        raise
    return None if again else api.DISABLE
