"""The ledger of a run: what became of the jobs of Pools and executors, and of queues' items.

Made of what processes noted (`rundir.layout`, the kinds of events), of who died with a task in
hand, and of whether anybody looked. Nothing here says yet whether it is a trouble.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mpdebug.diagnosis import deaths, relations, tasks
from mpdebug.diagnosis.relations import Relations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.model import Death, Note, Process, Run

TAKES_TASKS = ("get", "recv")
INITIALIZER = "initializer"  # rundir.layout.INITIALIZER
CTRL_C = "KeyboardInterrupt"
UNWAITED = ("made", "closed")
"""What a Pool may be at the end of its process, which then ends the workers."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where jobs were submitted: `Pool.map` at `app.py:9`; empty where not known."""

    call: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that failed and whose result came back to the process that submitted it."""

    process: Process
    owner: str
    job: int
    site: Site
    note: Note  # type, message, where
    looked: bool = False  # somebody saw it, or was told by a callback


@dataclass(frozen=True, slots=True)
class Lost:
    """A task that went down with the worker of a Pool."""

    worker: Process
    parent: Process | None
    death: Death
    job: int  # -1: not known, it could not even be unpickled
    site: Site
    mono: int
    given_up: bool = False  # its Pool was terminated afterwards


@dataclass(frozen=True, slots=True)
class Item:
    """What a process noted about items of a queue."""

    process: Process
    note: Note  # kind: dropped, unsent, unread, empty lied
    made: str = ""  # file:line of the making of the queue
    what: str = "Queue"  # its class


@dataclass(frozen=True, slots=True)
class OpenPool:
    """A Pool that its process neither closed nor terminated before its end."""

    process: Process
    owner: str
    where: str
    size: int
    mono: int


@dataclass(frozen=True, slots=True)
class CutPool:
    """A closed Pool whose workers were ended in the middle of tasks, at the end of all."""

    process: Process
    where: str
    workers: tuple[Process, ...]
    mono: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it."""

    failures: tuple[Failure, ...] = ()
    lost: tuple[Lost, ...] = ()
    items: tuple[Item, ...] = ()
    unread: tuple[tuple[Process, Death], ...] = ()
    """(parent, death of its child) whose exit code the parent never read."""
    open_pools: tuple[OpenPool, ...] = ()
    cut_pools: tuple[CutPool, ...] = ()
    died: tuple[tuple[Process, Note], ...] = ()
    """(process, note): threads of Pools that died, and executors that broke."""


def ledger(run: Run) -> Ledger:
    """What is known about the work of a run."""
    people = Relations(run)
    return Ledger(
        failures=tuple(found for one in run.processes for found in failures(one)),
        lost=tuple(found for one in run.processes if (found := lost(one, people))),
        items=tuple(items(run)),
        unread=tuple(unread(people)),
        open_pools=tuple(found for one in run.processes for found in open_pools(one)),
        cut_pools=tuple(found for one in run.processes for found in cut_pools(one, run)),
        died=tuple(
            (one, note)
            for one in run.processes
            for note in of(one, "handler died")
            if text(note, "what") != INITIALIZER
        ),
    )


def of(process: Process, *kinds: str) -> list[Note]:
    """What this process noted of these kinds, in the order of time."""
    return [note for note in process.notes if note.kind in kinds]


def text(note: Note, key: str) -> str:
    """A field of a note that is text."""
    value = note.said.get(key)
    return value if isinstance(value, str) else ""


def number(note: Note, key: str, otherwise: int = 0) -> int:
    """A field of a note that is a whole number."""
    value = note.said.get(key)
    return value if isinstance(value, int) else otherwise


def ended_well(process: Process) -> bool:
    """Whether it has ended, by itself and with status 0: it had its chance to look."""
    bad = process.goodbye is not None and process.goodbye.kind in ("exception", "exec")
    return not process.alive and not bad and process.ended is not None and not status(process)


def status(process: Process) -> int:
    """Its exit status; -1 where nobody saw it."""
    found = process.ended.status if process.ended else None
    return -1 if found is None else found


# --- jobs


def submitted(process: Process, owner: str, job: int) -> Site:
    """Where a job of this process comes from."""
    word = "pool" if owner.startswith("pool") else owner
    rows = [note for note in of(process, "submitted") if text(note, "owner") == word]
    rows.sort(key=lambda note: number(note, "first"))
    place = bisect_right(rows, job, key=lambda note: number(note, "first"))
    return (
        Site(text(rows[place - 1], "call"), text(rows[place - 1], "where")) if place else Site()
    )


def failures(process: Process) -> Iterator[Failure]:
    """The failed results that came to this process.

    Who looks at one failure of a place knows that tasks of this place fail: `map` and a loop
    over results end at the first that raises, and the others are seen by nobody.
    """
    came = of(process, "failed result")
    if not came:
        return
    seen = {(text(note, "owner"), number(note, "job")) for note in of(process, "looked")}
    sites = {submitted(process, *job) for job in seen}
    for note in came:
        job = text(note, "owner"), number(note, "job")
        site = submitted(process, *job)
        looked = bool(note.said.get("watched")) or job in seen or site in sites
        yield Failure(process, *job, site, note, looked)


def lost(worker: Process, people: Relations) -> Lost | None:
    """The task that this worker took along, if it is lost: Pool runs none a second time."""
    if worker.role != relations.POOL_WORKER or worker.alive:
        return None
    unread_task = worker.task is None and _died_taking_a_task(worker)
    if worker.task is None and not unread_task:
        return None
    death = deaths.explain_one(worker, people)
    parent = people.parent(worker)
    if death is None or (parent is not None and not _is_wanted(death, parent)):
        return None
    task = worker.task
    owner = task.owner if task is not None else "pool"
    job = task.job if task is not None else -1
    ends = of(parent, "pool") if parent is not None else []
    after = [note.mono for note in ends if _ends(note, "terminated", owner)]
    if any(mono < death.mono for mono in after) or not (death.bad or _goes_on(parent, owner)):
        return None
    site = Site(task.submitted_by, task.submitted_at) if task is not None else Site()
    if not site.call and parent is not None:
        site = submitted(parent, "pool", job if job >= 0 else 1 << 62)
    return Lost(worker, parent, death, job, site, death.mono, given_up=bool(after))


def _died_taking_a_task(worker: Process) -> bool:
    raised = worker.goodbye.raised if worker.goodbye else None
    frames = raised.frames if raised else ()
    return any(one.function in TAKES_TASKS and "queues.py" in one.file for one in frames)


def _is_wanted(death: Death, parent: Process) -> bool:
    """Whether anybody was there to want the result when the worker died."""
    over = parent.ended
    return over is None or not over.seen_by or over.mono >= death.mono


def _goes_on(parent: Process | None, owner: str) -> bool:
    """Whether a Ctrl-C ended the workers only, and their Pool was closed to be joined."""
    if parent is None or not parent.alive:
        return False
    return any(_ends(note, "closed", owner) for note in of(parent, "pool"))


def _ends(note: Note, what: str, owner: str) -> bool:
    return text(note, "what") == what and (owner == "pool" or text(note, "owner") == owner)


def open_pools(process: Process) -> Iterator[OpenPool]:
    """The Pools that a process left open, although it ended well."""
    notes = of(process, "pool")
    if not notes or not ended_well(process) or _left_at_once(process):
        return
    ended = {text(note, "owner") for note in notes if text(note, "what") != "made"}
    for note in notes:
        owner = text(note, "owner")
        if text(note, "what") == "made" and owner not in ended:
            where = text(note, "where")
            yield OpenPool(process, owner, where, number(note, "size"), note.mono)


def cut_pools(process: Process, run: Run) -> Iterator[CutPool]:
    """The Pools that a process closed and did not wait for, with who had a task in hand."""
    notes = of(process, "pool")
    if not notes or not ended_well(process) or _left_at_once(process):
        return
    waited = {text(note, "owner") for note in notes if text(note, "what") not in UNWAITED}
    for note in notes:
        owner = text(note, "owner")
        if text(note, "what") != "made" or owner in waited:
            continue
        workers = tuple(
            one
            for one in run.processes
            if one.parent == process.key
            and one.role == relations.POOL_WORKER
            and any(sent.call == "exit" for sent in one.signals)
            and one.task is not None
            and one.task.owner in ("pool", owner)
        )
        if workers:
            yield CutPool(process, text(note, "where"), workers, note.mono)


def _left_at_once(process: Process) -> bool:
    return process.goodbye is not None and process.goodbye.kind == "os._exit"


# --- queues and children


def items(run: Run) -> Iterator[Item]:
    """What was dropped, not sent, or denied, with where the queue was made."""
    made = sorted(
        (note for one in run.processes for note in of(one, "queue") if text(note, "where")),
        key=lambda note: note.mono,
    )
    for process in run.processes:
        for note in of(process, "dropped", "unsent", "unread", "empty lied"):
            inode = number(note, "reader")
            own = [one for one in made if number(one, "reader") == inode]
            before = [one for one in own if one.mono <= note.mono]  # inodes are used again
            queue = before[-1] if before else None
            if queue is None:
                yield Item(process, note)
            else:
                yield Item(process, note, text(queue, "where"), text(queue, "what"))


def unread(people: Relations) -> Iterator[tuple[Process, Death]]:
    """Children of multiprocessing that failed, and whose parent ended well and did not look."""
    for child in people.run.processes:
        parent = people.parent(child)
        if child.role != "worker" or child.alive or parent is None or not ended_well(parent):
            continue
        if any(number(note, "pid") == child.pid for note in of(parent, "exitcode")):
            continue
        death = deaths.explain_one(child, people)
        if death is not None and death.bad and status(child) and not relations.is_loky(child):
            yield parent, death


def running_with(one: Lost, run: Run) -> list[Process]:
    """Living workers that have another task of the same job in hand."""
    return [
        process
        for process in run.processes
        if process.alive
        and process.task is not None
        and tasks.has_lost_task(process)
        and process.parent == one.worker.parent
        and process.task.job == one.job
    ]
