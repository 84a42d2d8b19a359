"""Time-outs of the program that strike, from the first stop in the run on.

A time-out that nobody's breakpoint has caused is no news, and a loop around
`queue.get(timeout=0.1)` strikes all day: as long as nobody has stood at a breakpoint nothing
is written. Then a file in the run folder says so, which costs a `stat` to ask for.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import guard, identity, process
from mpdebug.agent.clock import Clock
from mpdebug.real import Real
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

POLL = 1_000_000_000
"""ns: one that strikes again at the same place within this time is a poll, and not told."""

MOST = 64  # places that are remembered

last: dict[tuple[CodeType, int], int] = {}
process.on_fork.append(last.clear)


def tell_from_now_on(here: process.Agent) -> None:
    """Somebody of this run stands at a breakpoint. Raises OSError."""
    fd = os.open(f"{here.settings.run}/{layout.STOOD}", os.O_WRONLY | os.O_CREAT, 0o600)
    Real.close(fd)


def struck(call: str, seconds: float) -> None:
    """A call of the program gave up waiting just now.

    Args:
        call: as a person would write it, without the last brackets.
        seconds: the time-out that the program gave.
    """
    here = process.here
    if here is None or seconds <= 0:
        return
    if not os.path.exists(f"{here.settings.run}/{layout.STOOD}"):
        return
    frame = guard.program_frame(sys._getframe(1))  # noqa: SLF001
    if frame is None:
        return
    now, place = Clock.mono(), (frame.f_code, frame.f_lasti)
    if now - last.get(place, -POLL) < POLL:
        return
    if len(last) >= MOST:
        last.clear()
    last[place] = now
    here.event(
        layout.EV_TIMEOUT,
        call=call,
        seconds=round(seconds, 3),
        where=f"{frame.f_code.co_filename}:{frame.f_lineno}",
        begin=now - int(seconds * 1e9),
        thread=identity.thread_name()[0],
    )
