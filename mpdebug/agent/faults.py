"""faulthandler writes the last stack of this process into `faults.txt` of its own folder."""

from __future__ import annotations

import os
from faulthandler import disable as real_disable  # the program finds others in there
from faulthandler import enable as real_enable
from faulthandler import is_enabled as real_is_enabled

from mpdebug.agent import descriptors
from mpdebug.agent.descriptors import open_high, real_close

fd = -1
"""Our descriptor that faulthandler writes to; -1 where it is not ours."""


def enable(path: str) -> str:
    """Let faulthandler write to this file; returns whose it is: "ours" or "program".

    Where it was on before us (-X faulthandler, the program's own call) it stays as it is: the
    stack then goes where the program wants it, usually to stderr. Raises OSError.
    """
    global fd
    if fd < 0 and real_is_enabled():
        return "program"
    if fd >= 0 and not real_is_enabled():  # the program turned it off
        disable()
        return "program"
    new = open_high(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    real_enable(new, all_threads=True)
    old, fd = fd, new
    if old >= 0:
        real_close(old)
    return "ours"


def disable() -> None:
    """Take faulthandler back, where it is ours."""
    global fd
    if fd >= 0:
        real_disable()
        old, fd = fd, -1
        real_close(old)


def give_up() -> bool:
    """The program has used up its descriptors: log records matter more than a crash report."""
    if fd < 0:
        return False
    disable()
    return True


descriptors.make_room = give_up


def left_to_program() -> bool:
    """The program has turned faulthandler on for itself; returns whether it was ours before."""
    global fd
    if fd < 0:
        return False
    old, fd = fd, -1
    real_close(old)
    return True


def lose(low: int, high: int) -> None:
    """The program is about to close or reuse descriptors low to high-1.

    faulthandler cannot check what its descriptor has become: a crash report must never go to
    a client of the program.
    """
    global fd  # noqa: PLW0603
    if low <= fd < high:
        real_disable()
        fd = -1
