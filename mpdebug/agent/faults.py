"""faulthandler writes into `faults.txt` of this process's own folder.

The last stack before a fatal error, and all stacks when a reader asks for them with a signal.
"""

from __future__ import annotations

import faulthandler
import os
from faulthandler import disable as real_disable  # the program finds others in there
from faulthandler import enable as real_enable
from faulthandler import is_enabled as real_is_enabled

from mpdebug.agent import descriptors
from mpdebug.agent.descriptors import open_high
from mpdebug.real import Real

real_register = getattr(faulthandler, "register", None)  # Windows has none
real_unregister = getattr(faulthandler, "unregister", None)

file = -1
"""Our descriptor of faults.txt; -1 where it is not open."""

ours = False
"""Whether fatal errors go there; else faulthandler is the program's."""

number = 0
"""The signal at which all stacks are written there; 0: none, or it is the program's own."""

quit_key = 0
"""SIGQUIT, where Ctrl-\\ in the terminal must not end the program: the supervisor then asks
everybody for the stacks. What is written here for it is only so that it does nothing else.
faulthandler handles it in C, so to the program it is as it was; 0 where it is the program's."""


def enable(path: str) -> str:
    """Let faulthandler write to this file; returns whose it is: "ours" or "program".

    Where it was on before us (-X faulthandler, the program's own call) it stays as it is: the
    stack of a fatal error then goes where the program wants it, usually to stderr. Raises
    OSError.
    """
    global file, ours  # noqa: PLW0603
    enabled = real_is_enabled()
    # On and not ours: the program's. Off and ours: the program turned it off by its C name.
    ours = enabled == ours
    new = open_high(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    if ours:
        real_enable(new, all_threads=True)
    if real_register is not None:
        for signal in filter(None, (number, quit_key)):
            # The key may be pressed while threads run, and to walk those is not safe: see
            # `observer/stacks.py`, which asks for the others once they stand.
            real_register(signal, new, all_threads=signal == number, chain=False)
    old, file = file, new
    if old >= 0:
        Real.close(old)
    return "ours" if ours else "program"


def disable() -> None:
    """Take faulthandler back, where it is ours."""
    old = file
    forget()
    if old >= 0:
        Real.close(old)


def forget() -> None:
    """Nothing is written there any more; the descriptor is not ours to close."""
    global file, ours
    if ours:
        real_disable()
    if file >= 0 and real_unregister is not None:
        for signal in filter(None, (number, quit_key)):
            real_unregister(signal)  # the readers see it in SigCgt
    file, ours = -1, False


def unregister(signal: int) -> None:
    """The program wants this signal of the two for itself, for good."""
    global number, quit_key  # noqa: PLW0603
    if file >= 0 and signal and real_unregister is not None:
        real_unregister(signal)
    number = 0 if signal == number else number
    quit_key = 0 if signal == quit_key else quit_key


def move(to: int) -> None:
    """The program wants the signal for stacks: use this one instead, or none (0)."""
    global number  # noqa: PLW0603
    unregister(number)
    number = to
    if file >= 0 and number and real_register is not None:
        real_register(number, file, all_threads=True, chain=False)


def give_up() -> bool:
    """The program has used up its descriptors: log records matter more than a crash report."""
    if file < 0:
        return False
    disable()
    return True


descriptors.make_room = give_up


def left_to_program() -> bool:
    """The program has turned faulthandler on for itself; returns whether it was ours before."""
    global ours
    before, ours = ours, False
    return before


def lose(low: int, high: int) -> None:
    """The program is about to close or reuse descriptors low to high-1.

    faulthandler cannot check what its descriptor has become: a report must never go to a
    client of the program.
    """
    if low <= file < high:
        forget()
