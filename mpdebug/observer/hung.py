"""Which process has not moved for the longest time: where to look when a program hangs.

A process moves when one of its threads uses the processor or is switched by the kernel. One
that polls, or computes, moves; one that waits in a lock, a pipe or a long sleep does not.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpdebug.model import Process, Run

APART = 0.3
"""Seconds between the two looks."""

SIGNS = (layout.RECORDS, layout.EVENTS, layout.OUT, layout.ERR)
"""Files that a process writes of its own accord: their last change is a sign of life."""

IDLERS = {layout.POOL_WORKER, layout.EXECUTOR_WORKER}
SERVANTS = {layout.FORKSERVER, layout.MANAGER, layout.RESOURCE_TRACKER}

# The order in which they are told: who has work in hand explains why the others wait.
AT_WORK, ALONE, PARENT, IDLE = range(4)

Counts = dict[int, tuple[int, int]]
"""Thread → (ticks of processor time, context switches)."""


def hung(
    run: Run, apart: float = APART, sleep: Callable[[float], None] = time.sleep
) -> list[tuple[Process, float, str]]:
    """(process, seconds without a sign of life, why) of those that do not move now.

    First the workers that have a task in hand, then other processes, then those that wait for
    their children, last those that wait for work; the longest without a sign of life first.
    Processes that stand at a breakpoint, and those that are not observed, are left out.

    Args:
        run: as just read.
        apart: seconds between the two looks at each process.
        sleep: waits for so long.
    """
    living = [one for one in run.processes if one.alive and one.folder and not one.stops]
    before = {one.key: counts(one.pid) for one in living}
    sleep(apart)
    still = [one for one in living if (b := before[one.key]) and counts(one.pid) == b]
    parents = {one.parent for one in run.processes if one.alive}
    now, at = time.monotonic_ns(), time.time()
    found = []
    for one in still:
        if layout.is_alive(one.pid, one.start):
            group, why = judge(one, is_parent=one.key in parents, now=now)
            found.append((group, -silent_for(one, now, at), one, why))
    found.sort(key=lambda row: row[:2])
    return [(one, -silence, why) for _, silence, one, why in found]


def judge(process: Process, *, is_parent: bool, now: int) -> tuple[int, str]:
    """The group of a process that does not move, and what is said of it."""
    task = process.task
    if task is not None:
        seconds = max(now - task.since, 0) / 1e9
        return AT_WORK, f"{task.phase}: {task.call}({task.args}), for {seconds:.1f} s"
    if process.role in IDLERS:
        return IDLE, "waits for work"
    if process.role in SERVANTS:
        return IDLE, f"a {process.role}, waits for requests"
    if is_parent:
        return PARENT, "has children; it may wait for them"
    return ALONE, "does not move"


def silent_for(process: Process, now: int, at: float) -> float:
    """Seconds since its last sign of life.

    Args:
        process: which one.
        now: CLOCK_MONOTONIC in ns.
        at: the same moment in epoch seconds.
    """
    last = now - process.mono
    if process.task is not None:
        last = min(last, now - process.task.since)
    seconds = last / 1e9
    for name in SIGNS:
        try:
            changed = os.stat(os.path.join(process.folder, name)).st_mtime
        except OSError:
            continue
        seconds = min(seconds, at - changed)
    return max(seconds, 0.0)


def counts(pid: int) -> Counts:
    """What all threads of a process have done so far; empty if it is gone, or one runs now."""
    found: Counts = {}
    try:
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return {}
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
                stat = file.read()
            with open(f"/proc/{pid}/task/{thread}/status", "rb") as file:
                switches = [line for line in file if b"ctxt_switches" in line]
        except OSError:  # that thread has just ended
            found[thread] = (-1, -1)
            continue
        fields = stat[stat.rindex(b")") + 2 :].split()
        if fields[0] == b"R":
            return {}
        ticks = int(fields[11]) + int(fields[12])
        found[thread] = (ticks, sum(int(line.split()[1]) for line in switches))
    return found
