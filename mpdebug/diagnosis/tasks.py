"""A worker that dies takes its task along: which one, and who waits for it in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import places, relations

if TYPE_CHECKING:
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Process, Task

IDLE_POOL_WORKER = (
    "it had no task, and Pool puts a new worker in its place"
    " (had it just held the lock of the task queue, the others would wait for ever)"
)
MANAGER = "every call through a proxy of this manager fails from now on"
FORKSERVER = "children that it started look as if they had ended with status 255"
TRACKER = "shared memory and semaphores that nobody unlinks stay behind"


def has_lost_task(process: Process) -> bool:
    """Whether a task went down with this Pool worker, which no other will run again."""
    return process.role == relations.POOL_WORKER and process.task is not None


def running(task: Task, cwd: str) -> tuple[str, str]:
    """(label, text) of the task in hand: `work(3), submitted by Pool.map at app.py:9`."""
    text = f"{task.call}({task.args})"
    if task.submitted_by:
        text += f", submitted by {task.submitted_by}"
        if task.submitted_at:
            text += f" at {places.short_place(task.submitted_at, cwd)}"
    sending = task.phase == "sending its result"
    return ("was sending", f"the result of {text}") if sending else ("was running", text)


def consequence(process: Process, relations_: Relations, mono: int) -> str:
    """What the death of this process at that time does to others; empty if nothing is known."""
    parent = relations_.parent(process)
    ended = parent.ended if parent is not None else None
    if ended is not None and ended.seen_by and ended.mono < mono:
        return ""  # nobody is there any more who could wait
    if process.role == relations.POOL_WORKER:
        return _of_pool_worker(process, relations_.cwd)
    if relations.is_loky(process):
        return "the executor breaks: every pending result raises TerminatedWorkerError"
    if process.role == relations.EXECUTOR_WORKER:
        # An idle worker may end with 1 at a shutdown too, as is seen on Python 3.11 to 3.13.
        status = process.ended.status if process.ended is not None else None
        unless = ", unless it was shut down" if process.task is None and status == 1 else ""
        return (
            f"ProcessPoolExecutor breaks{unless}: every pending future raises BrokenProcessPool"
        )
    return {
        "manager": MANAGER,
        "forkserver": FORKSERVER,
        "resource tracker": TRACKER,
    }.get(process.role, "")


def _of_pool_worker(process: Process, cwd: str) -> str:
    task = process.task
    if task is None:
        return IDLE_POOL_WORKER
    call = task.submitted_by
    if not call:
        lost = "whoever waits for its result waits for ever"
    else:
        at = f" at {places.short_place(task.submitted_at, cwd)}" if task.submitted_at else ""
        if call.endswith("_async"):
            lost = f"the result of {call}{at} never comes"
        elif ".imap" in call:
            lost = f"the iterator of {call}{at} waits for ever"
        else:
            lost = f"{call}{at} waits for ever"
    text = f"Pool never re-runs a lost task: {lost}"
    if task.phase == "sending its result":
        text += "; and a result that was half sent may stop those of all other workers"
    return text
