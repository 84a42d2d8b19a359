"""What a process is doing, as a word or a few: out of the model and what psutil saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import places, relations
from mpdebug.model import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mpdebug.model import Death, Process, Sample

IDLERS = (relations.POOL_WORKER, relations.EXECUTOR_WORKER)
SERVANTS = ("forkserver", "resource tracker", "manager")

FOR_WORK = ("waits for an mp lock", "waits for a lock", "reads a pipe", "reads a socket")
"""How a worker without a task waits for the next: one reads the queue, the others its lock."""

ZOMBIE = "zombie"

PLAIN = {
    "running": State("running", "running"),
    "stopped": State("halted (SIGSTOP)", "halted"),
    "tracing-stop": State("halted by a debugger", "halted"),
    "disk-sleep": State("waits for the disk", "waits"),
    ZOMBIE: State(ZOMBIE, "zombie"),  # it ended since the run was read
}
"""What psutil's words mean, where they say enough."""


def state(
    process: Process,
    sample: Sample | None,
    death: Death | None = None,
    names: Mapping[int, str] | None = None,
    cwd: str = "",
) -> State:
    """The state of a process.

    Args:
        process: which one.
        sample: what was seen of it just now; None: nothing.
        death: how it died, where that is worth a word.
        names: by pid: whom it may wait for.
        cwd: of the run: files below it are named by their short path.
    """
    if not process.alive:
        return _ended(process, sample, death)
    seen = _seen(process, sample, names or {}, cwd)
    if not process.reason:
        return seen
    return State(f"{seen.text}, not observed: {process.reason}", seen.kind)


def _seen(process: Process, sample: Sample | None, names: Mapping[int, str], cwd: str) -> State:
    status = sample.status if sample else "running"
    if status != "stopped" and process.stops:
        return State(_stopped(process, cwd), "stopped")
    if sample is None or not status:
        return State(sample.why if sample else "running", "unknown")
    return PLAIN.get(status) or _asleep(process, sample, names)


def _asleep(process: Process, sample: Sample, names: Mapping[int, str]) -> State:
    waits = sample.waits or "sleeping"
    if process.role in IDLERS and process.task is None and waits in FOR_WORK:
        return State("idle: waits for work", "idle")
    if process.role in SERVANTS:
        return State("idle: waits for requests", "idle")
    if sample.waits_pid:
        waits = f"waits for {names.get(sample.waits_pid) or f'pid {sample.waits_pid}'}"
    return State(waits, "waits")


def _stopped(process: Process, cwd: str) -> str:
    last = process.stops[-1]
    more = f" and {len(process.stops) - 1} more" if len(process.stops) > 1 else ""
    return f"stopped at {places.short_place(f'{last.file}:{last.line}', cwd)}{more}"


def _ended(process: Process, sample: Sample | None, death: Death | None) -> State:
    zombie = f", {ZOMBIE}" if sample is not None and sample.status == ZOMBIE else ""
    if death is not None:
        return State(death.cause + zombie, "bad" if death.bad else "ended")
    ended = process.ended
    if ended is not None and ended.seen_by == "exec":
        said = process.goodbye.message if process.goodbye else ""
        return State(f"became {said}" if said else "became another program", "ended")
    status = ended.status if ended else None
    if status is None and process.goodbye is not None:
        status = process.goodbye.status
    if status is None:
        return State(zombie.lstrip(", ") or "ended", "zombie" if zombie else "ended")
    said = f"exited {status}" if status >= 0 else f"killed by signal {-status}"
    return State(said + zombie, "zombie" if zombie else "ended")
