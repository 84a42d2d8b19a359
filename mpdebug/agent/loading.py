"""Loading what a breakpoint needs, when the first one is hit."""

from __future__ import annotations

from mpdebug.agent import guard, process
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def stops() -> ModuleType | None:
    """The part of the agent that stops; None where there is no room for it.

    A program without a free descriptor, or at the end of its stack, passes the breakpoint by.
    """
    with guard.quiet, guard.Undisturbed():
        from mpdebug.agent import stops as loaded  # noqa: PLC0415 - it loads pdb

        return loaded
    if process.here is not None:
        text = "no room for a debugger: a breakpoint was passed by"
        process.here.event(layout.EV_NOTE, text=text)
    return None
