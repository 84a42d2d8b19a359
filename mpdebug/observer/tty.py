"""Who reads a terminal: a prompt may open in it only where nobody else waits for the keys.

A program that is asking for a line sleeps in read(2) on the terminal, or first in poll, select
or epoll; its threads are looked at in /proc. One that reads keys (readline, curses, getpass,
an editor) has taken the echo or the line mode away from the terminal.
"""

from __future__ import annotations

import os
import stat
import struct

from mpdebug import env

DEV_TTY = (5, 0)
"""/dev/tty, by which a process may name its terminal, whichever that is."""

STATE, GROUP, TERMINAL = 0, 2, 4
"""Fields of /proc/PID/stat behind the name of the command."""

POLLFD = struct.Struct("=ihh")
POLLIN = 0x001
MOST = 1024
"""So many descriptors of a poll or select are looked at."""


def is_foreground(fd: int) -> bool:
    """Whether our process group may use the terminal at this descriptor now."""
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False


def is_in_line_mode(fd: int) -> bool:
    """Whether the terminal collects lines and shows what is typed, as for a plain program."""
    import termios  # noqa: PLC0415  # not on Windows

    try:
        modes = termios.tcgetattr(fd)[3]
    except (OSError, termios.error):
        return False
    return bool(modes & termios.ICANON and modes & termios.ECHO)


def reader_of(fd: int) -> int:
    """The pid of a process in our group that waits for input from this terminal; 0: none.

    Only of those that we may look at; on a system without /proc nobody is found.
    """
    ours = _stat("self")
    if not ours or int(ours[TERMINAL]) == 0:
        return 0
    device = os.fstat(fd).st_rdev
    for name in os.listdir("/proc"):
        if not name.isdecimal() or int(name) == os.getpid():
            continue
        found = _stat(name)
        if not found or found[STATE] in "TtZX":
            continue
        shares = found[GROUP] == ours[GROUP] and found[TERMINAL] == ours[TERMINAL]
        if shares and _reads(name, device):
            return int(name)
    return 0


def _stat(pid: str) -> list[str]:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            text = file.read()
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def _reads(pid: str, device: int) -> bool:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    return any(_thread_reads(f"/proc/{pid}/task/{thread}", device) for thread in threads)


def _thread_reads(thread: str, device: int) -> bool:
    """Whether the thread sleeps in a system call that waits for input from the device."""
    try:
        with open(f"{thread}/syscall", encoding="ascii") as file:
            words = file.read().split()
    except OSError:  # not ours to look at, or gone
        return False
    if len(words) < 4 or not words[0].isdecimal():  # noqa: PLR2004 - "running"
        return False
    call = env.READS.get(int(words[0]), "")
    one, two = int(words[1], 16), int(words[2], 16)
    try:
        return any(_is(thread, fd, device) for fd in _descriptors(thread, call, one, two))
    except (OSError, ValueError, OverflowError):
        return False


def _descriptors(thread: str, call: str, one: int, two: int) -> list[int]:
    """Those that the system call waits for, out of its first two arguments."""
    if call == "read":
        return [one]
    if call == "poll":
        data = _memory(thread, one, min(two, MOST) * POLLFD.size)
        return [fd for fd, events, _ in POLLFD.iter_unpack(data) if events & POLLIN]
    if call == "select" and two:
        most = min(one, MOST)
        bits = int.from_bytes(_memory(thread, two, (most + 7) // 8), "little")
        return [fd for fd in range(most) if bits >> fd & 1]
    if call == "epoll":
        with open(f"{thread}/fdinfo/{one}", encoding="ascii") as file:
            return [int(line.split()[1]) for line in file if line.startswith("tfd:")]
    return []


def _memory(thread: str, address: int, size: int) -> bytes:
    with open(f"{thread}/mem", "rb", buffering=0) as file:
        file.seek(address)
        return file.read(size) or b""


def _is(thread: str, fd: int, device: int) -> bool:
    """Whether the thread's descriptor is that terminal."""
    try:
        found = os.stat(f"{thread}/fd/{fd}")
    except OSError:
        return False
    if not stat.S_ISCHR(found.st_mode):
        return False
    known = (os.major(found.st_rdev), os.minor(found.st_rdev))
    return found.st_rdev == device or known == DEV_TTY
