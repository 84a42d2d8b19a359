"""How the processes of a run ended, as the supervisor sees it: one line each in exits.jsonl.

Two roads lead here. Children of ours (the main process, and orphans: we are their subreaper)
are waited for, which tells the status, a core dump and the memory they used. All others have
a pidfd, which is ready when they end: their status stands in /proc while they are zombies, and
afterwards in the pidfd itself (Linux 6.15). Where neither tells, the parent's own record does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from typing import Any, NamedTuple

from mpdebug import env
from mpdebug.rundir import layout
from mpdebug.supervisor import kernel, oom

EXIT_CODE = 49  # of /proc/PID/stat: field 52, counted after the command name


class Watched(NamedTuple):
    """A process that is not our child, while it lives."""

    pid: int
    start: int
    pidfd: int
    counter: str  # the file that counts out-of-memory kills of its cgroup


class Exits:
    """Sees processes end, and writes it down."""

    def __init__(self, run: str, main: int) -> None:
        self.run = run
        self.main = main
        self.watched: dict[tuple[int, int], Watched] = {}
        self._told: set[tuple[int, int]] = set()
        self._oom = oom.OomCounters()
        self._counters: dict[int, str] = {main: self._oom.join(main)}
        self._starts = {main: layout.start_of(main) or 0}

    def began(self, name: str) -> Watched | None:
        """A process made its folder; returns what has to be watched, or None.

        None for the main process, for one that is known already (it exec'ed), and for one that
        is gone and reaped: nobody can tell any more how it ended but its parent.
        """
        parsed = layout.parse_folder_name(name)
        if parsed is None or not env.HAS_PIDFD:
            return None
        pid, start, _ = parsed
        if pid == self.main or (pid, start) in self.watched or (pid, start) in self._told:
            return None
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._missed((pid, start), self._counters[self.main])
            return None
        except OSError:
            return None
        if layout.start_of(pid) != start:  # the pid belongs to somebody else by now
            os.close(pidfd)
            self._missed((pid, start), self._counters[self.main])
            return None
        counter = self._oom.join(pid)
        if not layout.is_alive(pid, start):  # a zombie is in no cgroup, or in the root's
            counter = self._counters[self.main]
        watched = Watched(pid, start, pidfd, counter)
        self.watched[pid, start] = watched
        return watched

    def ended(self, watched: Watched) -> None:
        """A pidfd became ready: write how the process ended, and give the pidfd back."""
        with contextlib.suppress(OSError):
            status = _status_of_zombie(watched)
            if status is None:
                status = kernel.exit_of(watched.pidfd)
            key = (watched.pid, watched.start)
            if status is not None:
                self._tell(key, status, "pidfd", counter=watched.counter)
            else:
                self._missed(key, watched.counter)
        del self.watched[watched.pid, watched.start]
        os.close(watched.pidfd)

    def reap(self) -> int | None:
        """Wait for all children that have ended; returns the main process's wait status.

        None if it has not ended.
        """
        ended = None
        while True:
            pid, start = self._next_zombie()
            try:
                pid, status, usage = os.wait4(pid, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            if pid == self.main:
                start = self._starts[pid]
                ended = status
            counter = self._counters.get(pid, "")
            if (pid, start) in self.watched:
                counter = self.watched[pid, start].counter
            key = (pid, start)
            self._tell(key, status, "wait", counter=counter, maxrss=usage.ru_maxrss)

    def _next_zombie(self) -> tuple[int, int]:
        """(pid, start) of a child to wait for: once it is reaped nothing tells its start."""
        if not env.HAS_PROC:
            return -1, 0
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return -1, 0
        if found is None:
            return -1, 0
        return found.si_pid, layout.start_of(found.si_pid) or 0

    def _missed(self, key: tuple[int, int], counter: str) -> None:
        """Its parent was quicker, and tells the status. What only we know is who killed it."""
        if key not in self._told and self._oom.took(counter):
            self._told.add(key)
            self._write(key, {"status": None, "by": "", "oom": True}, counter)

    def _tell(
        self, key: tuple[int, int], status: int, by: str, *, counter: str, maxrss: int = 0
    ) -> None:
        if key in self._told:
            return
        self._told.add(key)
        code = os.waitstatus_to_exitcode(status)
        said = {
            "status": code,
            "core": os.WCOREDUMP(status),
            "by": by,
            "maxrss": maxrss,
            "oom": code == -signal.SIGKILL and self._oom.took(counter),
        }
        self._write(key, said, counter)

    def _write(self, key: tuple[int, int], said: dict[str, Any], counter: str) -> None:
        line = {
            "mono": time.monotonic_ns(),
            "time": round(time.time(), 6),
            "pid": key[0],
            "start": key[1],
            **said,
            "cgroup": os.path.dirname(counter),
        }
        with contextlib.suppress(OSError):  # the folder was removed, or the disk is full
            append(os.path.join(self.run, layout.EXITS), json.dumps(line).encode() + b"\n")


def append(path: str, line: bytes) -> None:
    """Add a line to a file. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, line)
    finally:
        os.close(fd)


def _status_of_zombie(watched: Watched) -> int | None:
    """The wait status of a process that nobody has reaped yet; None if somebody has.

    The kernel says 0 to those who may not look into the process: its user must be ours.
    """
    try:
        with open(f"/proc/{watched.pid}/stat", "rb") as file:
            stat = file.read()
        owner = os.stat(f"/proc/{watched.pid}").st_uid
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] not in b"ZX" or int(fields[19]) != watched.start:
        return None
    if os.geteuid() not in {0, owner}:
        return None
    return int(fields[EXIT_CODE])
