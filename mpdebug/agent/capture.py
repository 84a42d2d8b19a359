"""`--capture`: this process's stdout and stderr, C-level writes included, go to its folder.

Only where descriptor 1 or 2 still is what the supervisor has there (or what our own parent's
capture put there): a pipe that a parent made, a log file of the program, stay what they are.
A file never blocks and survives both sides; the price is that `isatty` turns false.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import console, guard, process
from mpdebug.real import Real
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def redirect() -> None:
    """Send descriptors 1 and 2 to `out` and `err` of this process, where they may be."""
    agent = process.here
    if agent is None or not agent.settings.capture:
        return
    with guard.quiet:
        done = False
        for fd, name, theirs in (
            (1, layout.OUT, agent.settings.out),
            (2, layout.ERR, agent.settings.err),
        ):
            if console.ident_of(fd) == theirs or _is_of_run(agent, fd):
                _redirect(agent, fd, name)
                done = True
        if done:
            _line_buffered()


def _is_of_run(agent: process.Agent, fd: int) -> bool:
    """Whether the descriptor is an `out` or `err` of this run: our parent's, inherited."""
    try:
        path = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return False
    return path.startswith(agent.settings.run) and path.endswith(
        (f"/{layout.OUT}", f"/{layout.ERR}")
    )


def _redirect(agent: process.Agent, fd: int, name: str) -> None:
    stream: Any = (sys.stdout, sys.stderr)[fd - 1]
    if stream is not None and agent.who["method"] == "exec":
        stream.flush()
    path = os.path.join(agent.path, name)
    new = Real.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    Real.dup2(new, fd, inheritable=True)
    Real.close(new)
    console.captured.add(console.ident_of(fd))


def _line_buffered() -> None:
    """Lines leave the process when they are complete, as they would on a terminal.

    C's stdout too: of 100 lines printed before a SIGKILL, 100 are there, without it none.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)
    if process.here is not None and process.here.who["method"] == "fork":
        return  # inherited; and nothing is imported in a forked child
    import ctypes  # noqa: PLC0415 - only with --capture

    libc = ctypes.CDLL(None)
    libc.setvbuf(ctypes.c_void_p.in_dll(libc, "stdout"), None, 1, 0)


process.on_fork.append(redirect)
