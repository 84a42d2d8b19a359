"""What the main thread of a process waits for, as far as one look into /proc tells it.

Two short files of /proc: the system call that the thread stands in, with its arguments, and
what the descriptor is that it reads. Some 10 µs; who is at the other end costs more, and is
not asked here. Where the system call may not be read (ptrace is restricted) the kernel's name
of the place is taken, which tells less.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from mpdebug.observer import syscalls

SLEEPS, INPUT, SIGNAL = "sleeps", "waits for input", "waits for a signal"
THREAD = "waits for a thread"
MP_LOCK = "waits for an mp lock"
CHILD = "waits for a child"

WORDS = {
    "sleep": SLEEPS,
    "poll": INPUT,
    "select": INPUT,
    "epoll": INPUT,
    "accept": "waits for a connection",
    "connect": "connects",
    "file lock": "waits for a file lock",
    "pause": SIGNAL,
    "sigtimedwait": SIGNAL,
    "sigsuspend": SIGNAL,
}

PLACES = (
    ("nanosleep", SLEEPS),
    ("pipe_read", "reads a pipe"),
    ("pipe_write", "writes to a pipe"),
    ("unix_stream_read", "reads a socket"),
    ("skb_recv", "reads a socket"),
    ("tty_read", "reads the terminal"),
    ("inet_csk_accept", "waits for a connection"),
    ("poll", INPUT),
    ("select", INPUT),
    ("do_wait", CHILD),
    ("sigtimedwait", SIGNAL),
    ("sigsuspend", SIGNAL),
    ("pause", SIGNAL),
    ("futex", "waits for a lock"),
)
"""Parts of the kernel's names of places, where the system call may not be read."""

FUTEX_PRIVATE = 0x80
"""This bit of a futex's operation: only threads of this process can wake it. Without it the
lock lies in shared memory, as those of multiprocessing do."""


class Wait(NamedTuple):
    """What is waited for, and the process that is, where the call names one."""

    words: str = ""
    pid: int = 0


def wait_of(pid: int) -> Wait:
    """What the main thread of a sleeping process waits for; no words where that is unknown."""
    try:
        text = _read(f"/proc/{pid}/syscall")
    except PermissionError:
        return by_place(pid)
    except OSError:
        return Wait()
    call = syscalls.parse(text)
    return of_call(pid, call) if call else Wait()


def of_call(pid: int, call: syscalls.Call) -> Wait:
    """What a thread of a process waits for in this system call."""
    if call.name == "futex":
        return Wait(THREAD if call.args[1] & FUTEX_PRIVATE else MP_LOCK)
    if call.name == "child":
        how, number = syscalls.child_of(call)
        return Wait(CHILD, number if how == "pid" else 0)
    if call.name in ("read", "write"):
        verb = "reads" if call.name == "read" else "writes to"
        return Wait(f"{verb} {_what(pid, call.args[0])}")
    return Wait(WORDS.get(call.name, ""))


def _what(pid: int, fd: int) -> str:
    """What a descriptor is, in two words."""
    path = f"/proc/{pid}/fd/{fd}"
    try:
        target = os.readlink(path)
        kind, named, _ = target.partition(":")
        if named and kind in ("pipe", "socket"):
            return f"a {kind}"
        if target.startswith(("/dev/pts/", "/dev/tty")):
            return "the terminal"
        if kind == "anon_inode":
            return "an event"
        return "a named pipe" if stat.S_ISFIFO(os.stat(path).st_mode) else "a file"
    except OSError:
        return "a file"


def by_place(pid: int) -> Wait:
    """The same by the kernel's name of the place, where the call may not be read."""
    try:
        place = _read(f"/proc/{pid}/wchan")
    except OSError:
        return Wait()
    return Wait(next((words for part, words in PLACES if part in place), ""))


def _read(path: str) -> str:
    """A short file of /proc."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 512).decode("ascii", "replace")
    finally:
        os.close(fd)
