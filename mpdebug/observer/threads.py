"""All threads of a process, as one look into /proc sees them.

Two short files for each thread, some 40 µs: the system call in which it stands, and its
status. The rest is read only where it is asked for.
"""

from __future__ import annotations

import os
import re
import time
from typing import NamedTuple

from mpdebug.observer import syscalls

STATUS = re.compile(
    rb"^(?:Name:\t(?P<name>.*)|State:\t(?P<state>.)|SigCgt:\t(?P<caught>[0-9a-f]+)"
    rb"|voluntary_ctxt_switches:\t(?P<slept>\d+)|nonvoluntary_ctxt_switches:\t(?P<put_off>\d+))",
    re.MULTILINE,
)
PROCESSOR = 36
"""Which field of `stat` it is, behind the name."""

EXEC_START = re.compile(r"exec_start\s*:\s*(\d+)\.(\d+)")


class Seen(NamedTuple):
    """One thread at one moment."""

    tid: int
    name: str  # as the kernel calls it
    state: str  # R, S, D, T, t, Z …
    line: str  # of /proc: system call, arguments, registers; "running"
    switches: int  # how often it was put to sleep or put off
    caught: int  # the signals that have handlers, bit by bit

    @property
    def call(self) -> syscalls.Call | None:
        """The system call in which it sleeps."""
        return syscalls.parse(self.line)

    def is_still(self, later: Seen | None) -> bool:
        """Whether it has not run until a later look."""
        return later is not None and (self.line, self.switches) == (later.line, later.switches)


def look(pid: int) -> dict[int, Seen]:
    """The threads of a process, zombies left out; empty if it is gone.

    Raises PermissionError: its system calls may not be read.
    """
    try:
        tids = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return {}
    found = {}
    for tid in sorted(tids):
        one = _one(pid, tid)
        if one is not None and one.state not in "ZX":
            found[tid] = one
    return found


def _one(pid: int, tid: int) -> Seen | None:
    at = f"/proc/{pid}/task/{tid}"
    try:
        status = read(f"{at}/status", 1 << 13)
        line = read(f"{at}/syscall").decode("ascii").rstrip()
    except PermissionError:
        raise
    except OSError:  # it has just ended
        return None
    found: dict[str, bytes] = {}
    for match in STATUS.finditer(status):
        found[match.lastgroup or ""] = match[match.lastgroup or 0]
    return Seen(
        tid,
        found.get("name", b"").decode("utf-8", "replace"),
        found.get("state", b"?").decode(),
        line,
        int(found.get("slept", b"0")) + int(found.get("put_off", b"0")),
        int(found.get("caught", b"0"), 16),
    )


def read(path: str, size: int = 512) -> bytes:
    """A short file of /proc. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, size)
    finally:
        os.close(fd)


def memory(pid: int, address: int, size: int) -> bytes:
    """What stands in the memory of a process; empty where it cannot be read."""
    try:
        fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.pread(fd, size, address)
    except (OSError, OverflowError):
        return b""
    finally:
        os.close(fd)


class Clock:
    """Tells when a sleeping thread ran last, where the kernel says so (`sched` of /proc).

    The scheduler's clock is not CLOCK_MONOTONIC, and each CPU has its own: it leaves out what
    interrupts took, or the other machines on the same host. So it is compared on the CPU where
    the thread ran last, on a thread that runs there just now, which is ours.
    """

    def __init__(self) -> None:
        self._ahead: dict[int, int] = {}  # by CPU

    def since(self, pid: int, tid: int) -> int:
        """CLOCK_MONOTONIC in ns at which the thread went to sleep; 0: not known."""
        task = f"{pid}/task/{tid}"
        ran, cpu = _exec_start(task), _last_cpu(task)
        if not ran:
            return 0
        if cpu not in self._ahead:
            self._ahead[cpu] = _ahead_of(cpu)
        ahead = self._ahead[cpu]
        return min(ran + ahead, time.monotonic_ns()) if ahead else 0


def _ahead_of(cpu: int) -> int:
    """How far CLOCK_MONOTONIC is ahead of the clock of a CPU; 0: we may not run there."""
    try:
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {cpu})
    except OSError:
        return 0
    try:
        ran = _exec_start("thread-self")
        return time.monotonic_ns() - ran if ran else 0
    finally:
        os.sched_setaffinity(0, allowed)


def _last_cpu(task: str) -> int:
    """On which CPU a thread ran last; -1: not known."""
    try:
        fields = read(f"/proc/{task}/stat", 1024).rpartition(b")")[2].split()
        return int(fields[PROCESSOR])
    except (OSError, IndexError, ValueError):
        return -1


def _exec_start(whose: str) -> int:
    try:
        text = read(f"/proc/{whose}/sched").decode("ascii", "replace")
    except OSError:
        return 0
    found = EXEC_START.search(text)
    return int(found[1]) * 1_000_000 + int(found[2].ljust(6, "0")[:6]) if found else 0
