"""Time-outs of the program that struck while somebody stood at a breakpoint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

from mpdebug.model import CutShort, Delayed, Process, SignalSent, Stood, TimeOut
from mpdebug.views import plain
from mpdebug.views.hanging import Hanging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

OURS = "mpdebug:"
CURE = 15  # columns in front of a cure's text
INSTALLED = re.compile(r".*/(?:site|dist)-packages/|.*/lib(?:64)?/python\d[\d.]*t?/")


def notice(equal: Sequence[Delayed], cwd: str) -> RenderableType:
    """One line of the running terminal: whose time-out, and who stood where how long of it.

    Args:
        equal: the same call of several processes, held up by the same stop; the first is shown.
        cwd: of the run: files below it are shown by their short path.
    """
    told = equal[0]
    timeout = told.timeout
    more = f" and {len(equal) - 1} more" if len(equal) > 1 else ""
    call = f"{timeout.call}(timeout={timeout.seconds:g})"
    text = Text.assemble(
        (plain.line(told.process.name), "bold"),
        f"{more}: {plain.line(call)}{_at(timeout.where, cwd)} ",
        ("timed out", "bold yellow"),
        "; ",
        (plain.line(told.stander.name), "bold"),
        f" stood at a breakpoint ({_place(f'{told.stood.file}:{told.stood.line}', cwd)})"
        f" for {told.overlap / 1e9:.1f} s of it",
    )
    if told.others:
        text.append(f", and {told.others} more stood too")
    return Hanging(Text(OURS, "bold"), text, len(OURS) + 1, 0)


def cut_short(equal: Sequence[CutShort], cwd: str) -> RenderableType:
    """Whose stop ended how: `W-1 stood at a breakpoint (…) for 2.0 s when A sent it …`."""
    told = equal[0]
    more = f" and {len(equal) - 1} more" if len(equal) > 1 else f" (pid {told.process.pid})"
    seconds = max(told.sent.mono - told.stood.since, 0) / 1e9
    sender = f"{told.sender.name} (pid {told.sender.pid})" if told.sender else "another process"
    call = "at its exit" if told.sent.call == "exit" else f"by {told.sent.call}"
    text = Text.assemble(
        (plain.line(told.process.name), "bold"),
        f"{more} stood at a breakpoint ({_place(f'{told.stood.file}:{told.stood.line}', cwd)})",
        f" for {seconds:.1f} s when {plain.line(sender)} ",
        (f"sent it {told.signal}", "bold yellow"),
        f" {plain.line(call)}{_at(told.sent.where, cwd)}",
    )
    line = Hanging(Text(OURS, "bold"), text, len(OURS) + 1, 0)
    if not told.cure:
        return line
    return Group(line, Hanging(Text("cure", "dim"), Text(told.cure, "green"), CURE))


def _at(where: str, cwd: str) -> str:
    return f" at {_place(where, cwd)}" if where else ""


def _place(place: str, cwd: str) -> str:
    home = cwd.rstrip("/") + "/"
    short = place.removeprefix(home) if len(home) > 1 else place
    return plain.line(INSTALLED.sub("", short))


def sample() -> Delayed:
    """A time-out to look at and to test with."""
    main = Process("1-1-0", 7440, 1, 1, "MainProcess", "main")
    worker = Process("2-1-0", 7442, 1, 7440, "ForkPoolWorker-3", "pool worker")
    timeout = TimeOut("Pool.apply_async(...).get", 5.0, "/home/me/app.py:31", 0, 5_000_000_000)
    stood = Stood(0, "breakpoint", "/home/me/app.py", 42, "step", 200_000_000)
    return Delayed(main, timeout, worker, stood, 4_800_000_000)


if __name__ == "__main__":
    SHOWN = sample()
    SENT = SignalSent("1-1-0", 6, 5, "os.kill", "/lib/site-packages/gunicorn/arbiter.py:807")
    CURED = CutShort(SHOWN.stander, SHOWN.stood, SENT, SHOWN.process, "SIGABRT", "more time")
    Console().print(notice([SHOWN], "/home/me"))
    Console().print(cut_short([CURED], "/home/me"))
