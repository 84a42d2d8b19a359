"""Pools whose results never come."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis import cures, ledger, places, relations, tasks
from mpdebug.diagnosis.trouble import trouble
from mpdebug.model_waits import PROVED, RUNS, SUSPECTED, THREAD, TIMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.known import Known
    from mpdebug.model import Death, Process
    from mpdebug.model_waits import Finding, Wait

RESULTS = frozenset(
    (
        "ApplyResult.get",
        "ApplyResult.wait",
        "MapResult.get",
        "IMapIterator.next",
        "Future.result",
    )
)
TAKERS = frozenset(("Pool._handle_results", "_ExecutorManagerThread.run"))
"""The threads that take results from workers, and call callbacks."""

POOL, MADE = "pool", "made"  # rundir.layout.EV_POOL
JOINS = ("Pool.join",)
IN_INITIALIZER = "in the initializer of its Pool"
SAME = 3
"""So many workers of one Pool that fail alike, with no work done, are no accident."""


def waiting_for_results(known: Known, key: str) -> list[Wait]:
    """The threads of a process that wait, without a limit, for what a Pool is to give."""
    return [
        wait
        for wait in known.waits.get(key, ())
        if wait.kind not in (RUNS, TIMED)
        and any(call in RESULTS or call in JOINS for call in known.calls(wait))
    ]


@trouble("lost-task")
def lost_task(known: Known) -> Iterator[Finding]:
    """A Pool worker died with a task in hand, and somebody waits for the result.

    Pool starts a new worker in its place, but never runs the task again: map(), get() and
    join() wait for a result that cannot come. A worker dies of a signal, of sys.exit() or any
    other exception that is no Exception (Ctrl-C too), of os._exit(), or of a task that cannot
    be unpickled there.

    What to do: mend what killed the worker. Use concurrent.futures.ProcessPoolExecutor, which
    raises BrokenProcessPool instead of waiting, or get(timeout=…). After Ctrl-C call
    terminate(), not close() and join().
    """
    lost: defaultdict[str, list[Death]] = defaultdict(list)
    for death in known.deaths.values():
        one = death.process
        if one.role == relations.POOL_WORKER and (one.task or _lost_unread(death)):
            lost[one.parent].append(death)
    for key, deaths in lost.items():
        waits = waiting_for_results(known, key)
        if not waits:
            continue
        wait = waits[0]
        first = deaths[0]
        joins = any(call in JOINS for call in known.calls(wait))
        what = known.call(wait) or "it"
        many = f"{len(deaths)} tasks that were" if len(deaths) > 1 else "a task that was"
        yield known.finding(
            "lost-task",
            f"{what} at {known.at(wait)} waits for {many} lost with"
            f" {known.whos(death.process.key for death in deaths)}",
            certainty=PROVED
            if joins or _is_submitted_there(known, wait, deaths)
            else known.certainty(waits),
            processes=[key, *(death.process.key for death in deaths)],
            evidence=[
                ("died", f"{known.who(first.process.key)}: {first.cause}"),
                *((label, text) for label, text in first.detail if label not in ("so", "cure")),
                ("waits", known.line(wait)),
            ],
            cure=_cure_of_lost(first, joins=joins),
            settle="whether it waits for that very result",
            mono=first.mono,
        )
    told = {death.process.key for deaths in lost.values() for death in deaths}
    for found in ledger.lost_task(known.book, known.people):
        if not told & set(found.processes) or not known.run.alive:
            yield found


def _lost_unread(death: Death) -> bool:
    return any(label == "when" and "unpickled a task" in text for label, text in death.detail)


def _is_submitted_there(known: Known, wait: Wait, deaths: list[Death]) -> bool:
    """Whether the lost task was submitted at the line at which somebody waits now."""
    frame = known.frame(wait)
    if frame is None:
        return False
    here = f"{frame.file}:{frame.line}"
    return any(one.process.task and one.process.task.submitted_at == here for one in deaths)


def _cure_of_lost(death: Death, *, joins: bool) -> str:
    told = next((text for label, text in death.detail if label == "cure"), "")
    if told:
        return told
    if joins or "KeyboardInterrupt" in death.cause:
        return (
            "after an interrupt call pool.terminate(): close() and join() wait for every task"
        )
    if "sys.exit" in death.cause:
        return "raise an Exception in a task, not SystemExit: a Pool catches only Exception"
    return (
        "mend what killed the worker; ProcessPoolExecutor raises BrokenProcessPool where a Pool"
        " waits for ever"
    )


@trouble("pool-initializer-fails")
def pool_initializer_fails(known: Known) -> Iterator[Finding]:
    """Every worker of a Pool dies in its initializer.

    Pool replaces a worker that ends, and the new one fails in the same way, again and again: no
    task is ever run, and whoever waits for a result waits for ever.

    What to do: mend the initializer. ProcessPoolExecutor(initializer=…) raises
    BrokenProcessPool instead of trying for ever.
    """
    failed: defaultdict[tuple[str, str], list[Death]] = defaultdict(list)
    for death in known.deaths.values():
        if ("when", IN_INITIALIZER) in death.detail:
            failed[death.process.parent, death.cause].append(death)
    dead = {death.process.key for deaths in failed.values() for death in deaths}
    for (key, cause), deaths in failed.items():
        if len(deaths) < SAME or _got_through(known, key, dead):
            continue
        first = deaths[0]
        waits = waiting_for_results(known, key)
        yield known.finding(
            "pool-initializer-fails",
            f"every worker of the Pool of {known.who(key)} dies in its initializer: {cause}"
            f" (×{len(deaths)})",
            processes=[key, *(death.process.key for death in deaths[-3:])],
            evidence=[
                *((label, text) for label, text in first.detail if label == "at"),
                ("waits", known.line(waits[0]) if waits else ""),
                ("so", tasks_never_run()),
            ],
            cure="mend the initializer; ProcessPoolExecutor raises BrokenProcessPool instead",
            standing=bool(waits),
            mono=first.mono,
        )


def _got_through(known: Known, parent: str, dead: set[str]) -> bool:
    """Whether some worker came to the end of its initializer: it has a task, or ended later."""
    return any(
        one.parent == parent
        and one.role == relations.POOL_WORKER
        and one.key not in dead
        and (one.task is not None or not one.alive)
        for one in known.run.processes
    )


def tasks_never_run() -> str:
    """What a Pool does about it."""
    return "Pool starts a new worker for each that ends: no task is ever run"


@trouble("no-main-guard")
def no_main_guard(known: Known) -> Iterator[Finding]:
    """A spawned child imports the main script again, and that starts processes again.

    Under spawn and forkserver a child begins empty and imports the script to find its
    functions. What starts processes at the top of the file would start them in each child too;
    multiprocessing refuses that with a RuntimeError.

    What to do: put what starts processes under `if __name__ == "__main__":`.
    """
    failed = [
        death
        for death in known.deaths.values()
        if death.kind == "startup" and cures.GUARD in death.cause
    ]
    if failed:
        first = failed[0]
        key = first.process.parent
        waits = waiting_for_results(known, key)
        times = f" (×{len(failed)})" if len(failed) > 1 else ""
        yield known.finding(
            "no-main-guard",
            f"{cures.main_file(known.people)} starts processes without an {cures.GUARD} guard:"
            f" {known.who(first.process.key)} died of it{times}",
            processes=[one.process.key for one in failed[:3]],
            evidence=[
                *((label, text) for label, text in first.detail if label in ("at", "how")),
                ("waits", known.line(waits[0]) if waits else ""),
            ],
            cure=f"put what starts processes under {cures.GUARD}",
            standing=bool(waits),
            mono=first.mono,
        )


@trouble("pool-starved")
def pool_starved(known: Known) -> Iterator[Finding]:
    """All workers of a Pool wait for something that only a further task could bring.

    Tasks that wait for each other (in a Barrier, a Queue, an Event) need as many workers as
    there are tasks. With fewer, the one that would let the others go is never begun.

    What to do: give the Pool as many workers as tasks that wait for each other, or do not let
    tasks of one Pool wait for each other.
    """
    workers: defaultdict[str, list[Process]] = defaultdict(list)
    for one in known.run.processes:
        if one.alive and one.role in (relations.POOL_WORKER, relations.EXECUTOR_WORKER):
            workers[one.parent].append(one)
    for key, people in workers.items():
        waits = [known.main_wait(one.key) for one in people]
        if not all(one.task for one in people) or not all(
            w and known.is_dead(w) for w in waits
        ):
            continue
        there = [wait for wait in waits if wait is not None]
        held = {known.holder(ident) for wait in there for ident in wait.things} - {None}
        if any(hold and hold.process not in {one.key for one in people} for hold in held):
            continue  # that holder explains it, dead or not
        task = people[0].task
        at = known.at(there[0])
        owner = known.main_wait(key)
        waits_too = [owner] if owner is not None and known.is_dead(owner) else []
        also = f", or from {known.who(key)}, which waits too" if waits_too else ""
        stuck = f"has no worker{also}"
        many = f"all {len(people)} workers" if len(people) > 1 else "the only worker"
        yield known.finding(
            "pool-starved",
            f"{many} of the pool of {known.who(key)} {'wait' if len(people) > 1 else 'waits'},"
            " and no other task can begin",
            processes=[key, *(one.key for one in people)],
            things=[ident for wait in there for ident in wait.things],
            evidence=[
                *known.lines([*there, *waits_too]),
                (
                    "for",
                    next((known.thing(ident) for one in there for ident in one.things), ""),
                ),
                tasks.running(task, known.run.cwd) if task else ("", ""),
                ("so", f"what is waited for at {at} would come from a task that {stuck}"),
            ],
            cure="give the pool as many workers as there are tasks that wait for each other"
            + (", and what they need before you wait for their results" if also else ""),
            mono=max(wait.since for wait in there),
        )


@trouble("callback-waits")
def callback_waits(known: Known) -> Iterator[Finding]:
    """A callback of a Pool or an executor waits for another result of it.

    Callbacks run in the one thread that takes the results from the workers. While one of them
    waits, no result is taken, so the one that it waits for never comes.

    What to do: let the callback only hand the result on, to a queue.Queue that another thread
    reads; or ask for the next task with a callback of its own, and do not wait for it.
    """
    made = [(one.key, note.said) for one, note in known.notes(POOL)]
    for wait in known.picture.waits:
        takers = TAKERS.intersection(frame.function for frame in wait.frames)
        if wait.kind != THREAD or not takers or not RESULTS.intersection(known.calls(wait)):
            continue
        pools = [said for key, said in made if (key, said.get("what")) == (wait.process, MADE)]
        own = len(pools) == 1 and "Pool._handle_results" in takers
        if not own and not known.is_dead(wait):
            continue  # it may be of another Pool
        yield known.finding(
            "callback-waits",
            f"a callback in {known.who(wait.process)} waits for a result, in the thread that"
            " takes the results",
            processes=[wait.process],
            evidence=[("waits", known.line(wait))],
            cure="let the callback hand the result on, and wait in another thread",
            mono=wait.since,
        )


@trouble("busy")
def busy(known: Known) -> Iterator[Finding]:
    """A task computes for long, in one place, and others wait for it.

    Nobody is blocked: it may be slow, or it may never end (a regular expression that explodes,
    a loop whose end never comes).

    What would settle it: `mpdebug stacks --samples 5` tells whether it moves; `mpdebug attach`
    opens a prompt in it, where it comes back to Python.
    """
    for one in known.run.processes:
        wait = known.main_wait(one.key)
        if wait is None or wait.kind != RUNS or one.task is None:
            continue
        since = (known.picture.mono - one.task.since) / 1e9
        if since < LONG:
            continue
        call, text = tasks.running(one.task, known.run.cwd)
        frame = known.frame(wait)
        where = places.frame_place(frame, known.run.cwd) if frame else ""
        yield known.finding(
            "busy",
            f"{known.who(one.key)} computes in one task for {since:.1f} s",
            certainty=SUSPECTED,
            processes=[one.key],
            evidence=[
                (call, text),
                ("at", f"{where}: {frame.source}" if frame and frame.source else where),
                ("in", known.call(wait)),
            ],
            cure="not blocked: it is slow, or it never ends",
            settle=f"whether it moves: mpdebug stacks --samples 5 --process {one.pid}",
            mono=one.task.since,
        )


LONG = 1.0
"""Seconds that a task computes before it is worth a word to somebody who asks."""
