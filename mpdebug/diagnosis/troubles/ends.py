"""Processes that cannot end, and those that wait for nobody knows what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import relations
from mpdebug.diagnosis.trouble import trouble
from mpdebug.diagnosis.troubles import locks
from mpdebug.diagnosis.troubles.queues import joins
from mpdebug.model_waits import ENDLESS, RUNS, SEMAPHORE, STOPPED, SUSPECTED, THREAD, TIMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.known import Known
    from mpdebug.model import Process
    from mpdebug.model_waits import Finding, Wait

AT_EXIT = "_exit_function"
HALTED = "halted"  # observer.blocked


@trouble("exit-waits")
def exit_waits(known: Known) -> Iterator[Finding]:
    """A program has come to its end, and waits there for a child that does not end.

    When a Python program ends, by an error too, multiprocessing joins all children that are not
    daemons. One that still waits for an item or a word from the program never ends, and the
    traceback on the screen is followed by silence.

    What to do: tell the children to stop in a `finally`, or make them daemons (daemon=True).
    """
    for key in list(known.waits):
        wait = known.main_wait(key)
        if wait is None or not known.is_dead(wait) or AT_EXIT not in _names(known, key):
            continue
        for child in sorted(joins(known, key)):
            one, other = known.process(key), known.main_wait(child)
            failed = one.goodbye.raised if one and one.goodbye else None
            said = (
                f" after {failed.type}: {failed.message.partition(chr(10))[0]}"
                if failed
                else ""
            )
            yield known.finding(
                "exit-waits",
                f"{known.who(key)} is at its end{said}, and waits for {known.who(child)}, which"
                " does not end",
                processes=[key, child],
                things=other.things if other else (),
                evidence=[("waits", known.line(other) if other else "")],
                cure="tell children to stop in a `finally`, or start them with daemon=True",
                mono=wait.since,
            )


@trouble("halted")
def halted(known: Known) -> Iterator[Finding]:
    """A process is halted by a signal, and another one waits for its end.

    SIGSTOP or Ctrl-Z halted it, or it wanted to read the terminal from the background
    (SIGTTIN). It does nothing until somebody lets it go on.

    What to do: `kill -CONT PID`. Find out who sent the signal: `mpdebug logs`, or a debugger
    that was left.
    """
    for key, waits in known.waits.items():
        if not any(wait.kind == STOPPED and wait.words == HALTED for wait in waits):
            continue
        others = [other for other in known.waits if key in joins(known, other)]
        lines = [wait for other in others if (wait := known.main_wait(other)) is not None]
        one = known.process(key)
        if one is not None and lines:
            yield known.finding(
                "halted",
                f"{known.who(key)} is halted, and {known.whos(others)}"
                f" wait{'' if len(others) > 1 else 's'} for its end",
                certainty=SUSPECTED,
                processes=[key, *others],
                evidence=known.lines(lines),
                cure=f"let it go on: kill -CONT {one.pid}; if it halts again, it wants the"
                " terminal and is in the background",
                settle="whether somebody means to let it go on",
                mono=max(wait.since for wait in lines),
            )


def _names(known: Known, key: str) -> set[str]:
    wait = known.main_wait(key)
    return {frame.function for frame in wait.frames} if wait else set()


@trouble("waits-for-ever")
def waits_for_ever(known: Known) -> Iterator[Finding]:
    """Every thread waits for another of the program, without a time limit.

    Nothing inside the program can ever wake it; only a signal from outside can. This is proved
    from what the kernel says of each thread, without knowing why they came to it. It is told
    where no other trouble explains it.

    What to do: look at the lines at which they wait. Who was to send, set, release or end?
    """
    dead = [wait for wait in known.picture.waits if wait.main and known.is_dead(wait)]
    dead = [wait for wait in dead if not _is_servant(known, wait)] or dead
    every = known.proof.whole
    if not every:
        dead = [wait for wait in dead if not _is_parked(known, wait)]
    if not dead:
        return
    many = len({wait.process for wait in dead}) > 1
    if every:
        who = "every process of the program waits for another one"
        if not many:
            who = "the program waits for itself"
    else:
        who = f"{known.whos(wait.process for wait in dead)} wait{'' if many else 's'}"
        who += " for another one"
    held = list(dict.fromkeys(_held(known, dead)))
    yield known.finding(
        "waits-for-ever",
        f"{who}, without a time limit: only a signal from outside can wake"
        f" {'it' if every or not many else 'them'}",
        processes=[wait.process for wait in dead],
        things=[ident for wait in dead for ident in wait.things],
        evidence=[*known.lines(_ordered(known, dead)), *held],
        cure="do not wait for others while you hold a lock that they need"
        if held
        else "look at these lines: who was to send, set, release or end, and did not?",
        mono=max(wait.since for wait in dead),
    )


def _is_parked(known: Known, wait: Wait) -> bool:
    """Whether it waits for an Event of threads and has no others: until somebody ends it."""
    return wait.kind == THREAD and bool(locks.OF_NOW & {*known.calls(wait)})


def _is_servant(known: Known, wait: Wait) -> bool:
    """Whether it is a process of multiprocessing's own, which explains nothing."""
    one = known.process(wait.process)
    return one is not None and one.role in relations.QUIET_ROLES


def _held(known: Known, waits: list[Wait]) -> Iterator[tuple[str, str]]:
    """Who holds a lock for which one of these waits, and waits itself for another thing."""
    ends = {(wait.process, wait.tid) for wait in waits}
    for wait in waits:
        wanted = list(wait.things) if wait.kind == SEMAPHORE else []
        wanted += [  # of a manager: its clients wait for an answer
            one.thing
            for one in known.picture.holds
            if one.state == locks.TAKING and (one.process, one.tid) == (wait.process, wait.tid)
        ]
        for ident in wanted:
            hold = known.holder(ident)
            if hold is None or locks.is_part_of_queue(known, ident):
                continue
            if (hold.process, hold.tid) in ends:
                what = f"{known.thing(ident)}{known.taken(hold)}"
                yield "holds", f"{known.who(hold.process)} {what}"


def _is_on_who_works(known: Known, wait: Wait) -> bool:
    """Whether it waits for the end, or a lock, of one that computes or sleeps for a time."""
    seen, todo = {wait.process}, [wait]
    while todo:
        for edge in known.graph.edges_of(todo.pop()):
            if edge.to in seen:
                continue
            seen.add(edge.to)
            waits = known.graph.waits_of(edge.to)
            if any(one.kind in (RUNS, TIMED) for one in waits):
                return True
            todo += waits
    return False


def _may_be_woken(known: Known, wait: Wait) -> bool:
    """Whether another process computes, or sleeps for a time, that may end the wait.

    It has what is waited for, or it works for the one that waits: a pool within a task.
    """
    users = {
        one.key for one in known.run.processes if known.people.is_ancestor(wait.process, one)
    }
    users |= {
        key
        for thing in filter(None, map(known.graph.thing, wait.things))
        for key in (*thing.users, *thing.writers)
    }
    return any(
        other.kind in (RUNS, TIMED)
        for key in users - {wait.process}
        for other in known.waits.get(key, ())
    )


def _ordered(known: Known, waits: list[Wait]) -> list[Wait]:
    """Those with a task or a line of the program first: the idle explain little."""
    quiet = (relations.POOL_WORKER, relations.EXECUTOR_WORKER, *relations.QUIET_ROLES)

    def rank(wait: Wait) -> bool:
        one: Process | None = known.process(wait.process)
        return one is None or (one.task is None and one.role in quiet)

    return sorted(waits, key=rank)


@trouble("suspected-hang")
def suspected_hang(known: Known) -> Iterator[Finding]:
    """Processes that have not moved for long, and of which nothing is proved.

    They wait for something that may still come: from outside, from a thread that runs, or when
    a time limit is over.

    What would settle it: look at the lines at which they wait (`mpdebug stacks`), or wait.
    """
    waits = [
        wait
        for wait in known.picture.waits
        if wait.main
        and wait.kind in ENDLESS
        and (wait.process, wait.tid) in known.picture.still
        and not _is_on_who_works(known, wait)
        and not _may_be_woken(known, wait)
    ]
    working = [wait for wait in waits if (one := known.process(wait.process)) and one.task]
    many = len({wait.process for wait in working}) > 1
    if working:
        yield known.finding(
            "suspected-hang",
            f"{known.whos(one.process for one in working)} {'have' if many else 'has'} a task"
            f" in hand and {'do' if many else 'does'} not move",
            certainty=SUSPECTED,
            processes=[wait.process for wait in working],
            evidence=known.lines(working),
            settle="whether something from outside is still to come: mpdebug stacks",
            mono=max(wait.since for wait in working),
        )


@trouble("stands-still")
def stands_still(known: Known) -> Iterator[Finding]:
    """Nothing of the program has moved for as long as --hang-after says.

    All its processes wait, and what they wait for may still come from outside: a server stands
    like that until somebody asks it. It is told only to who said after how long it is wrong.

    What would settle it: look at the lines at which they wait (`mpdebug stacks`).
    """
    waits = [wait for wait in known.picture.waits if wait.main and not _is_servant(known, wait)]
    if known.picture.still_for and waits:
        yield known.finding(
            "stands-still",
            f"no process of the program has moved for {known.picture.still_for:g} s",
            certainty=SUSPECTED,
            processes=[wait.process for wait in waits],
            evidence=known.lines(_ordered(known, waits)),
            cure="look at these lines: what was to come, and did not?",
            settle="whether something from outside is still to come: mpdebug stacks",
            mono=max(wait.since for wait in waits),
        )
