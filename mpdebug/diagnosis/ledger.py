"""Work that was lost, and failures that nobody looked at: the findings of the ledger.

Each trouble is one function. Most keep nobody waiting (`standing` is false): the program ends
with status 0, and something is missing. Whether somebody waits for an item of a queue is known
to who knows the waits; the queue is among the finding's `things`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import broken_pools, cures, lost_items, words
from mpdebug.diagnosis.jobs import Ledger, ledger, running_with
from mpdebug.diagnosis.relations import Relations
from mpdebug.model_waits import PROVED, SUSPECTED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.jobs import Failure, Lost, Site
    from mpdebug.model import Process, Run

__all__ = ["Ledger", "findings", "ledger"]

FEW = 3
MOST_TOLD = 100
"""So many failures of a kind a process tells one by one (`patch/jobs.py`)."""

LOOK_AT_POOL = (
    "keep what it returns and call get() on each, which raises what the task raised; or give "
    "error_callback="
)
LOOK_AT_FUTURE = "call result() on each future that it returns: it raises what the task raised"
LOOK_AT_CODE = (
    "after join(), look at its exitcode: anything but 0 is a failure; or use "
    "ProcessPoolExecutor, whose result() raises"
)
CLOSE = "with Pool(…) as pool: …; or pool.close() and pool.join() when all is submitted"
TRY_EXECUTOR = (
    "concurrent.futures.ProcessPoolExecutor notices when a worker dies, and raises "
    "BrokenProcessPool"
)
NO_EXIT = "raise an exception in a task instead of calling sys.exit(): Pool hands that on"
JOIN = "call pool.join() after pool.close(): the end of the program does not wait for tasks"
CTRL_C = "after Ctrl-C call pool.terminate(): close() and join() wait for the lost tasks"


def findings(run: Run) -> list[Finding]:
    """All that the ledger of this run has against it, in the order of time."""
    people = Relations(run)
    book = ledger(run)
    found = [
        *apply_async_swallowed(book, people),
        *lost_task(book, people),
        *broken_pools.pool_result_thread_died(book, people),
        *broken_pools.pool_exception_unpicklable(people),
        *lost_items.queue_item_dropped(book, people),
        *lost_items.queue_items_unsent(book, people),
        *lost_items.queue_empty_lied(book, people),
        *exit_code_ignored(book, people),
        *pool_never_closed(book, people),
        *pool_not_joined(book, people),
    ]
    return sorted(found, key=lambda one: (one.mono, one.kind))


# --- jobs


def apply_async_swallowed(book: Ledger, people: Relations) -> Iterator[Finding]:
    """Tasks failed, and nobody looked: the program goes on as if they had done their work.

    `apply_async` and `submit` return at once; what the task raises is raised by `get()` or
    `result()`, and by nothing else. Told once its process has ended: until then it may look.
    """
    bad = [one for one in book.failures if not (one.looked or one.process.alive)]
    bad = [one for one in bad if not _was_cut_short(one.process)]
    for (process, site), group in words.grouped(bad, lambda one: (one.process.key, one.site)):
        yield _swallowed(group, people.by_key[process], site, people)


def _was_cut_short(process: Process) -> bool:
    goodbye, ended = process.goodbye, process.ended
    killed = ended is not None and ended.status is not None and ended.status < 0
    return killed or (goodbye is not None and goodbye.kind == "exception")


def _swallowed(
    group: list[Failure], process: Process, site: Site, people: Relations
) -> Finding:
    many = len(group)
    more = " or more" if many >= MOST_TOLD else ""
    what = "1 task failed" if many == 1 else f"{many}{more} tasks failed"
    first = words.raised(group[0].note)
    by = words.submitted_by(site, people)
    evidence = [("failed", words.raised_at(one.note, people)) for one in group[:FEW]]
    if many > FEW:
        evidence.append(("failed", f"and {many - FEW}{more} more"))
    pool = group[0].owner.startswith("pool")
    return Finding(
        "apply-async-swallowed",
        PROVED,
        f"{what} and nobody looked: {first}{f', submitted by {by}' if by else ''}",
        processes=(process.key,),
        evidence=(
            *evidence,
            ("submitted", f"{by or 'not known where'} in {words.who(process)}"),
        ),
        cure=LOOK_AT_POOL if pool else LOOK_AT_FUTURE,
        mono=group[0].note.mono,
        standing=False,
        facts={"jobs": [one.job for one in group[:MOST_TOLD]], "owner": group[0].owner},
    )


def lost_task(book: Ledger, people: Relations) -> Iterator[Finding]:
    """A worker of a Pool died with a task in hand.

    Pool puts a new worker in its place and never runs the task again, so whoever waits for
    its result waits for ever.
    """
    for _, group in words.grouped(
        book.lost, lambda one: (one.worker.parent, one.job, one.site)
    ):
        yield _lost(group, people)


def _lost(group: list[Lost], people: Relations) -> Finding:
    first = group[0]
    by = words.submitted_by(first.site, people) or "a Pool"
    many = "1 task" if len(group) == 1 else f"{len(group)} tasks"
    worker = first.worker
    doing = f"running {words.task_of(worker)}" if worker.task else "unpickling it"
    died = words.died_of(first.death)
    evidence = [
        ("lost", f"{words.task_of(one.worker)} with {words.who(one.worker)}: {one.death.cause}")
        for one in group[:FEW]
    ]
    if len(group) > FEW:
        evidence.append(("lost", f"and {len(group) - FEW} more"))
    still = running_with(first, people.run) if first.job >= 0 else []
    evidence += [
        ("running", f"{words.task_of(one)} in {words.who(one)}") for one in still[:FEW]
    ]
    waits = first.parent is not None and first.parent.alive and not first.given_up
    evidence.append(("so", "Pool never re-runs a lost task: its result never comes"))
    return Finding(
        "lost-task",
        PROVED,
        f"{by} lost {many}: {words.who(worker)} {died} while {doing}",
        processes=tuple(one.worker.key for one in group),
        evidence=tuple(evidence),
        cure=_cure_of_lost(first, people),
        mono=first.mono,
        standing=waits,
        facts={
            "job": first.job,
            "parent": worker.parent,
            "lost": len(group),
            "running": len(still),
        },
    )


def _cure_of_lost(one: Lost, people: Relations) -> str:
    goodbye = one.worker.goodbye
    raised = goodbye.raised if goodbye else None
    if raised is not None and raised.type == "KeyboardInterrupt":
        return CTRL_C
    if raised is not None:
        return cures.of_exception(one.worker, raised, people)
    if goodbye is not None and goodbye.kind == "exit":
        return NO_EXIT
    return TRY_EXECUTOR


# --- processes and Pools


def exit_code_ignored(book: Ledger, people: Relations) -> Iterator[Finding]:
    """A child failed, its parent ended with status 0 and never read the child's exit code."""
    for key, group in words.grouped(book.unread, lambda one: one[0].key):
        found = [death for _, death in group]
        parent = people.by_key[key]
        first = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        its = "their exit codes" if more else "its exit code"
        yield Finding(
            "exit-code-ignored",
            PROVED,
            f"{words.who(first.process)}{more} failed ({first.cause}), and {parent.name} never "
            f"looked at {its}",
            processes=(parent.key, *(one.process.key for one in found)),
            evidence=tuple((one.process.name, one.cause) for one in found[:FEW]),
            cure=LOOK_AT_CODE,
            mono=first.mono,
            standing=False,
        )


def pool_never_closed(book: Ledger, people: Relations) -> Iterator[Finding]:
    """A Pool is neither closed nor terminated.

    Its workers and threads live on until the end of the program, which may hang over it.
    """
    for one in book.open_pools:
        yield Finding(
            "pool-never-closed",
            SUSPECTED if not one.where else PROVED,
            f"the Pool{words.at(one.where, people, 'made at ')} was never closed",
            processes=(one.process.key,),
            evidence=(("workers", str(one.size)),),
            cure=CLOSE,
            mono=one.mono,
            standing=False,
        )


def pool_not_joined(book: Ledger, people: Relations) -> Iterator[Finding]:
    """A Pool is closed, and its tasks are not waited for."""
    for one in book.cut_pools:
        many = len(one.workers)
        tasks_were = "a task" if many == 1 else f"{many} tasks"
        yield Finding(
            "pool-not-joined",
            PROVED,
            f"{words.who(one.process)} ended while {tasks_were} of its Pool"
            f"{words.at(one.where, people, 'made at ')} ran",
            processes=(one.process.key, *(each.key for each in one.workers)),
            evidence=(("so", "they were cut off, and those that waited were never run"),),
            cure=JOIN,
            mono=one.mono,
            standing=False,
        )
