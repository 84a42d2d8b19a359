"""The system call in which a thread stands, out of /proc/PID/task/TID/syscall."""

from __future__ import annotations

import os
from typing import NamedTuple

from mpdebug import env

FEWEST = 9
"""Words of a line that tells a system call: its number, six arguments, two registers."""

INT_SIGN = 1 << 31

LOCK_AND_WAIT = (7, 38)
"""F_SETLKW and F_OFD_SETLKW: the commands of fcntl that wait."""

FOR_WORK = frozenset(("futex", "read", "poll", "select", "epoll", "accept", "pause"))


class Call(NamedTuple):
    """A system call of a thread that sleeps in it."""

    name: str  # as in `env`: "futex", "read", "child"; empty: none that we know
    number: int
    args: tuple[int, ...]
    stack: int  # its stack pointer

    @property
    def timed(self) -> bool:
        """Whether it ends by itself."""
        where = env.TIMEOUTS.get(self.number)
        if where is None:
            return self.name == "sleep"
        at, pointer = where
        if pointer:
            return self.args[at] != 0
        return self.args[at] & INT_SIGN == 0  # milliseconds; negative: for ever


def parse(text: str) -> Call | None:
    """The call of a line of /proc; None where the thread runs, or sleeps in no system call."""
    words = text.split()
    if len(words) < FEWEST or not words[0].isdigit():
        return None
    number = int(words[0])
    args = tuple(int(word, 16) for word in words[1:7])
    name = env.SLEEPS.get(number) or env.READS.get(number) or env.SLEEPS_FOR_SIGNALS.get(number)
    if number == env.PPOLL and not any(args[:3]):
        name = "pause"
    if name == "fcntl":
        name = "file lock" if args[1] in LOCK_AND_WAIT else ""
    return Call(name or "", number, args, int(words[7], 16))


def is_for_work(text: str) -> bool:
    """Whether that is a wait without a limit for something that others send."""
    call = parse(text)
    return call is not None and call.name in FOR_WORK and not call.timed


def child_of(call: Call) -> tuple[str, int]:
    """Whom a call of wait4 or waitid is about: ("pid", 4711), ("pidfd", 5) or ("any", 0)."""
    which, second = call.args[0], call.args[1]
    if call.number not in env.WAITID:
        return ("pid", which) if 0 < which < INT_SIGN else ("any", 0)
    if which == os.P_PID:
        return "pid", second
    return ("pidfd", second) if which == os.P_PIDFD else ("any", 0)
