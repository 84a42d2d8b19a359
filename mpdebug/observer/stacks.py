"""The stacks of all processes of a run at one moment, and why some cannot be told.

No ptrace: each process writes its own with faulthandler when a signal comes, also from C code
that does not come back to Python.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from mpdebug.model_stacks import ProcessStacks
from mpdebug.observer import dumps, frames, nudge, waiting
from mpdebug.observer.lively import LIVELY
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from mpdebug.model import Process, Run
    from mpdebug.model_stacks import ThreadStack

WITHIN = 3.0
"""Seconds for an answer: on a busy machine a process may get no processor for a while. Who
cannot answer at all (halted, a zombie) is known before, and not waited for."""

ZOMBIE = "zombie: it has ended, and its parent has not waited for it"


def take(
    processes: Sequence[Process],
    timeout: float = WITHIN,
    *,
    force: bool = False,
    with_locals: bool = False,
) -> list[ProcessStacks]:
    """What each of these processes does now.

    Args:
        processes: of a run that was just read; `to_ask` chooses them.
        timeout: seconds for the slowest to answer; the others do not wait for it.
        force: also where the signal ends a `pause()` or `sigwait()` of the program.
        with_locals: ask for the locals too, which takes Python code in the main thread: a
            process that is in C code tells its stacks without.
    """
    answers = nudge.ask_stacks(processes, timeout, force=force)
    lively = [one for one, (_, why) in zip(processes, answers, strict=True) if why == LIVELY]
    told = iter(frames.ask(lively, timeout, force=force))
    found = [
        _of_lively(process, next(told)) if answer[1] == LIVELY else _one(process, *answer)
        for process, answer in zip(processes, answers, strict=True)
    ]
    if with_locals:
        asked = [at for at, one in enumerate(found) if one.threads]
        more = frames.ask([processes[at] for at in asked], timeout, force=force)
        for at, threads in zip(asked, more, strict=True):
            if threads:
                found[at] = replace(found[at], threads=dumps.named(threads))
    return found


def _of_lively(process: Process, told: tuple[ThreadStack, ...]) -> ProcessStacks:
    """One that was asked in Python, where no other thread runs meanwhile."""
    if not told:
        return ProcessStacks(process, why=LIVELY)
    waits = waiting.wait_of(process.pid).words
    switches = _switches(nudge.read_status(process.pid))
    threads = dumps.named(replace(one, locals=()) for one in told)
    return ProcessStacks(process, threads, waits=waits, switches=switches)


def _one(process: Process, text: str, why: str) -> ProcessStacks:
    status = nudge.read_status(process.pid)
    if status.get("State", "").startswith("Z"):
        return ProcessStacks(process, why=ZOMBIE)
    waits = waiting.wait_of(process.pid).words if status else ""
    if status.get("State", "").startswith("D"):
        waits = "waits for the disk, uninterruptibly"
    if why:
        return ProcessStacks(process, why=why, waits=waits)
    threads = dumps.named(dumps.parse(text))
    return ProcessStacks(process, threads, waits=waits, switches=_switches(status))


def _switches(status: dict[str, str]) -> int:
    """How often its main thread was put to sleep, or was put off."""
    names = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
    return sum(int(status.get(name, "0")) for name in names)


def to_ask(run: Run) -> list[Process]:
    """Those that live, and those that have ended and are still there as zombies."""
    pids = {one.pid for one in run.processes}
    return [one for one in run.processes if one.alive or is_zombie(one, pids)]


def is_zombie(process: Process, pids: Container[int]) -> bool:
    """Whether this very process has ended and nobody has waited for it.

    Args:
        process: one that does not live any more.
        pids: of the run; where its start time is not known its parent must be among them.
    """
    if process.ended is not None and process.ended.seen_by != "supervisor":
        return False
    status = nudge.read_status(process.pid)
    if not status.get("State", "").startswith("Z"):
        return False
    if process.start:
        return layout.start_of(process.pid) == process.start
    parent = status.get("PPid", "")
    return parent.isdigit() and int(parent) in pids


def threads_of(pid: int) -> list[tuple[int, str, str, str]]:
    """(tid, name, state, what it waits for) of each thread, for a process that is not ours.

    Empty if it is gone.
    """
    try:
        tids = sorted(
            map(int, os.listdir(f"/proc/{pid}/task")), key=lambda tid: (tid != pid, tid)
        )
    except OSError:
        return []
    found = []
    for tid in tids:
        status = nudge.read_status(pid, tid)
        state = status.get("State", "").partition("(")[2].rstrip(")")
        words = waiting.wait_of(tid).words if state else ""
        found.append((tid, status.get("Name", ""), state, words))
    return found
