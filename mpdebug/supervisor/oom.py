"""Telling the kernel's out-of-memory killer from any other SIGKILL.

The kernel counts its kills for each memory cgroup: `oom_kill` in memory.events (cgroup v2) or
in memory.oom_control (v1). The counter rises before the process is killed, so whoever sees a
SIGKILL and a counter that rose knows why. Where there is no such file, the whole machine's
counter in /proc/vmstat stands in: a kill elsewhere at the same moment is then taken for ours.
"""

from __future__ import annotations

import os

VMSTAT = "/proc/vmstat"


def mounts() -> dict[str, tuple[str, str]]:
    """Where memory cgroups are read: {"v1" or "v2": (mount point, root in the hierarchy)}."""
    found: dict[str, tuple[str, str]] = {}
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return found
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or len(kind) < 3:  # noqa: PLR2004
            continue
        if kind[0] == "cgroup2":
            found.setdefault("v2", (fields[4], fields[3]))
        elif kind[0] == "cgroup" and "memory" in kind[2].split(","):
            found.setdefault("v1", (fields[4], fields[3]))
    return found


class OomCounters:
    """The counters of the cgroups of a run, and how many kills are not yet explained."""

    def __init__(self) -> None:
        self._mounts: dict[str, tuple[str, str]] | None = None
        self._seen: dict[str, int] = {}  # counter file → kills that have been accounted for

    def join(self, pid: int) -> str:
        """A process has begun; returns the file that counts the kills of its cgroup, or ""."""
        file = self._file_of(pid)
        if file and file not in self._seen:
            self._seen[file] = _count(file) or 0
        return file

    def took(self, file: str) -> bool:
        """Whether a SIGKILL of one process of this counter was the out-of-memory killer's.

        Each kill is told once: of two processes that died, one by hand, one is marked.
        """
        now = _count(file) if file else None
        if now is None or now <= self._seen.get(file, now):
            return False
        self._seen[file] += 1
        return True

    def _file_of(self, pid: int) -> str:
        try:
            with open(
                f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape"
            ) as file:
                lines = file.read().splitlines()
        except OSError:
            return ""
        if self._mounts is None:
            self._mounts = mounts()
        for line in lines:
            number, controllers, path = line.split(":", 2)
            if "memory" in controllers.split(","):
                kind, name = "v1", "memory.oom_control"
            elif number == "0" and not controllers:
                kind, name = "v2", "memory.events"
            else:
                continue
            if kind not in self._mounts:
                continue
            mount, root = self._mounts[kind]
            below = path.removeprefix(root) if root != "/" else path
            counter = os.path.join(mount, below.strip("/"), name)
            if _count(counter) is not None:
                return counter
        return VMSTAT if _count(VMSTAT) is not None else ""


def _count(file: str) -> int | None:
    """The `oom_kill` of a counter file; None if there is none."""
    try:
        with open(file, "rb") as opened:
            for line in opened:
                if line.startswith(b"oom_kill "):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return None
