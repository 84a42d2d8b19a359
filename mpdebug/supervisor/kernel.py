"""The few system calls that Python has no function for (Linux), through ctypes.

Each raises OSError where the kernel refuses, and where there is no such call.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from typing import NamedTuple

from mpdebug import env

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
SIGNALFD_FLAGS = os.O_CLOEXEC | os.O_NONBLOCK  # SFD_CLOEXEC and SFD_NONBLOCK are the same bits
SIGSET_BYTES = 128

SIGINFO = struct.Struct("=Iii I IiIIII i i Q")  # the head of struct signalfd_siginfo
SIGINFO_BYTES = 128

# struct pidfd_info, 64 bytes: mask, cgroupid, eleven ids, exit_code (Linux 6.13; exit 6.15).
PIDFD_INFO = struct.Struct("=QQ11Ii")
PIDFD_INFO_EXIT = 1 << 3
PIDFD_GET_INFO = (3 << 30) | (PIDFD_INFO.size << 16) | (0xFF << 8) | 11


class Sent(NamedTuple):
    """One signal that came to us: its number, who sent it and how."""

    number: int
    code: int  # si_code: > 0 the kernel (a terminal, a timer), <= 0 a process
    pid: int  # the sender as we see it; 0: unknown, or outside of our pid namespace
    value: int = 0  # what sigqueue() sent along


def _libc() -> ctypes.CDLL:
    if not env.LINUX:
        raise OSError("only Linux has this system call")
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def become_subreaper() -> None:
    """Orphans among our descendants become our children, so that we learn how they ended."""
    _checked(_libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "becoming a child subreaper")


def forbid_core() -> None:
    """No core dump of this process, not even through a pipe that ignores RLIMIT_CORE."""
    _checked(_libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "forbidding a core dump")


def open_signalfd(numbers: set[int]) -> int:
    """A descriptor from which these signals are read instead of being delivered."""
    mask = bytearray(SIGSET_BYTES)
    for number in numbers:
        mask[(number - 1) // 8] |= 1 << (number - 1) % 8
    buffer = (ctypes.c_char * SIGSET_BYTES).from_buffer(mask)
    return _checked(_libc().signalfd(-1, buffer, SIGNALFD_FLAGS), "signalfd")


def read_signalfd(fd: int) -> list[Sent]:
    """The signals that came since the last call, in their order; never blocks."""
    sent: list[Sent] = []
    while True:
        try:
            data = os.read(fd, SIGINFO_BYTES * 32)
        except BlockingIOError:
            return sent
        for at in range(0, len(data), SIGINFO_BYTES):
            head = SIGINFO.unpack_from(data, at)
            sent.append(Sent(number=head[0], code=head[2], pid=head[3], value=head[12]))


def queue_signal(pid: int, number: int, value: int) -> None:
    """sigqueue(3): a signal that carries a value along."""
    libc = _libc()
    _checked(libc.sigqueue(pid, number, ctypes.c_void_p(value)), "sigqueue")


def exit_of(pidfd: int) -> int | None:
    """The wait status of a process that was reaped already; None before that.

    The kernel keeps it for as long as somebody holds a pidfd (Linux 6.15).
    """
    room = bytearray(PIDFD_INFO.pack(PIDFD_INFO_EXIT, *[0] * 13))
    fcntl.ioctl(pidfd, PIDFD_GET_INFO, room)
    fields = PIDFD_INFO.unpack(room)
    return fields[-1] if fields[0] & PIDFD_INFO_EXIT else None
