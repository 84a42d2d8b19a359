"""What the processes of a run cost, and what they wait for: one look at each, by psutil.

A process may end while it is looked at, and its pid may be another's the next moment. So what
was read counts only if afterwards the pid still belongs to the process that was meant: its
start time is compared. Nothing here waits for a process, whatever state it is in.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil

from mpdebug import env
from mpdebug.model import Sample
from mpdebug.observer.waiting import wait_of
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Process

RARELY = 10.0
"""Seconds between two looks at the true memory of one process: each costs up to 4 ms."""

ROOM = 0.05
"""Seconds that a round of looks at memory may take, after the first; the rest wait a round."""

NOT_ALLOWED = "not permitted to look at it"


class Sampler:
    """Looks at processes again and again; what they used is counted from look to look.

    Args:
        memory: rss, uss or pss: which is wanted. RSS counts shared pages in each process that
            has them, PSS shares them out (its sum is true), USS counts only what is its own.
    """

    def __init__(self, memory: str = "rss") -> None:
        self.memory = memory
        self._known: dict[str, psutil.Process] = {}
        self._used: dict[str, tuple[float, int]] = {}  # seconds of processor time, when
        self._true: dict[str, tuple[int, int, float]] = {}  # uss, pss, when
        self._gone: set[str] = set()  # ended, and not even a zombie any more
        self._until: float | None = None  # when this round of looks at memory ends

    def sample(
        self, processes: Iterable[Process], *, descriptors: bool = False
    ) -> dict[str, Sample]:
        """A sample of each process that is there (zombies too), by its key.

        Args:
            processes: of a run that was just read.
            descriptors: also count the open ones; some 10 µs each, more where there are many.
        """
        self._until = time.monotonic() + ROOM if self._true else None
        found: dict[str, Sample] = {}
        for process in processes:
            if process.key in self._gone:
                continue
            if not process.alive and not _is_zombie(process):
                self._forget(process.key)
                continue
            sample = self._look(process, descriptors=descriptors)
            if sample is None:
                self._known.pop(process.key, None)
            else:
                found[process.key] = sample
        return found

    def _forget(self, key: str) -> None:
        self._gone.add(key)
        for known in (self._known, self._used, self._true):
            known.pop(key, None)

    def _look(self, process: Process, *, descriptors: bool) -> Sample | None:
        """None: it ended, or the pid belongs to another process by now."""
        now = time.monotonic_ns()
        try:
            if process.key not in self._known:
                self._known[process.key] = psutil.Process(process.pid)
            one = self._known[process.key]
            sample = self._read(process.key, one, now, descriptors=descriptors)
        except psutil.ZombieProcess:
            sample = Sample(psutil.STATUS_ZOMBIE, now)
        except (psutil.AccessDenied, PermissionError):
            sample = Sample("", now, why=NOT_ALLOWED)
        except (psutil.NoSuchProcess, OSError):
            return None
        return sample if _is_the_same(process) else None

    def _read(self, key: str, one: psutil.Process, now: int, *, descriptors: bool) -> Sample:
        with one.oneshot():
            status = str(one.status())
            if status == psutil.STATUS_ZOMBIE:
                return Sample(status, now)
            times = one.cpu_times()
            threads = one.num_threads()
            rss = one.memory_info().rss
        cpu = self._cpu(key, times.user + times.system, now)
        # Not of one that waits for a disk: to look at what it reads could take as long.
        asleep = status == psutil.STATUS_SLEEPING and env.HAS_PROC
        words, waits_pid = wait_of(one.pid) if asleep else ("", 0)
        uss, pss, why = self._true_memory(key, one)
        count = -1
        if descriptors:
            try:
                count = one.num_fds()
            except psutil.AccessDenied:
                why = NOT_ALLOWED
        return Sample(
            status=status, mono=now, cpu=cpu, rss=rss, uss=uss, pss=pss, threads=threads,
            descriptors=count, waits=words, waits_pid=waits_pid, why=why,
        )  # fmt: skip

    def _cpu(self, key: str, used: float, now: int) -> float | None:
        before = self._used.get(key)
        self._used[key] = (used, now)
        if before is None or now <= before[1]:
            return None
        return max(100e9 * (used - before[0]) / (now - before[1]), 0.0)

    def _true_memory(self, key: str, one: psutil.Process) -> tuple[int, int, str]:
        """(uss, pss, why not): read where wanted, but rarely; between, as it was read last."""
        if self.memory == "rss":
            return -1, -1, ""
        now = time.monotonic()
        uss, pss, when = self._true.get(key, (-1, -1, float("-inf")))
        if now - when < RARELY or (when > 0 and self._until is not None and now > self._until):
            return uss, pss, ""
        try:
            full = one.memory_full_info()
        except psutil.AccessDenied:
            return -1, -1, NOT_ALLOWED
        uss, pss = full.uss, getattr(full, "pss", -1)
        self._true[key] = (uss, pss, now)
        return uss, pss, ""


def _is_the_same(process: Process) -> bool:
    """Whether the pid still is that of the process that was meant, where that can be known."""
    return not (process.start and env.HAS_PROC) or layout.start_of(process.pid) == process.start


def _is_zombie(process: Process) -> bool:
    """Whether a process that has ended was not waited for yet by its parent."""
    if not process.start or (process.ended and process.ended.seen_by == "exec"):
        return False
    return layout.start_of(process.pid) == process.start
