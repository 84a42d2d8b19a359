"""A client's Ctrl-C, carried out by the nudge's handler in the main thread."""

from __future__ import annotations

import ctypes
import sys
from threading import main_thread

from mpdebug.agent import stops
from mpdebug.agent.command_loop import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def interrupt(frame: FrameType | None) -> None:
    """End what clients have asked this process for, or stop a thread of it that steps.

    Does nothing where nobody asked for it.

    Raises:
        Interrupted: the main thread is at work for a client that wants it to end.
    """
    for session in list(stops.standing.values()):
        debugger = session.debugger
        mine = debugger.thread == main_thread().ident
        if not (debugger.working or debugger.tracing) or not session.talk.pull():
            continue
        if debugger.working and mine:
            raise Interrupted
        if debugger.working:
            thread, error = ctypes.c_ulong(debugger.thread), ctypes.py_object(Interrupted)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
        elif mine:
            debugger.stop_at(frame)
        elif debugger.thread in sys._current_frames():  # noqa: SLF001 - whether it lives
            debugger.set_step()  # it stops at its next line
        else:
            stops.standing.pop(debugger.thread, None)
            session.leave("gone")
