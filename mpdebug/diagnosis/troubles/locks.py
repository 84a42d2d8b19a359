"""Locks that nobody will ever release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import jobs, relations
from mpdebug.diagnosis.known import NOT_OWNED
from mpdebug.diagnosis.trouble import trouble
from mpdebug.model_waits import PROVED, THREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.graph import Edge
    from mpdebug.diagnosis.known import Known
    from mpdebug.model import Note
    from mpdebug.model_waits import Finding, Hold, Wait

LEFT = "left"  # rundir.layout.EV_LEFT
FORKED_BESIDE = "forked beside"  # EV_FORKED_BESIDE
HELD, TAKING = "held", "taking"
QUEUES = ("Queue", "JoinableQueue", "SimpleQueue", "Pool", "ProcessPoolExecutor")

OF_NOW = frozenset(("Condition.wait", "Event.wait", "Queue.get", "Thread.join"))
"""Functions of threading and queue that wait on a lock which they have just made themselves."""

ANYBODY = "whether something else, that still runs, would release it or end the wait"

NO_OWNER = (
    "the system gives a lock of multiprocessing back to nobody: let the others wait with "
    "acquire(timeout=…), and do not kill a process that may hold it"
)


def waiters_of_dead(known: Known) -> list[tuple[Hold, list[Wait]]]:
    """Locks whose recorded holder has ended, with the threads that wait for them."""
    found: dict[str, tuple[Hold, list[Wait]]] = {}
    for edge in known.graph.on_the_dead():
        if edge.hold is not None and not edge.thing.id.startswith("proxy:"):
            found.setdefault(edge.thing.id, (edge.hold, []))[1].append(edge.wait)
    return list(found.values())


def is_part_of_queue(known: Known, ident: str) -> bool:
    """Whether this lock is one inside a queue or a pool, which the program does not see."""
    thing = known.picture.things.get(ident)
    call = thing.label.call if thing and thing.label else ""
    return call.rpartition(".")[2] in QUEUES or call.startswith("Pool")


def left_by(known: Known, hold: Hold) -> bool:
    """Whether the holder came to the end of its work with the lock still taken.

    Permits of a semaphore are not noted as left: who ended well has not lost them otherwise.
    """
    one = known.process(hold.process)
    if one is None:
        return False
    well = hold.state == HELD and jobs.ended_well(one) and hold.process not in known.deaths
    return well or any(note.kind == LEFT for note in one.notes)


@trouble("lock-held-by-dead")
def lock_held_by_dead(known: Known) -> Iterator[Finding]:
    """A process died while it held a lock, and others wait for that lock.

    A lock of multiprocessing is a semaphore of the system, which does not know who has taken
    it. When a process is killed between acquire() and release(), nobody releases it, and
    everybody else waits for ever, without a word.

    What to do: find out why the process died. Do not kill or terminate() processes that use
    locks; tell them to stop, by an Event or a last item in a queue. Where a process may be
    killed by others, let those who wait give up, `if not lock.acquire(timeout=60): …`, and
    begin again with a new lock and new processes.
    """
    for hold, waits in waiters_of_dead(known):
        if not is_part_of_queue(known, hold.thing) and not left_by(known, hold):
            yield lost(known, "lock-held-by-dead", hold, waits, NO_OWNER)


@trouble("lock-left")
def lock_left(known: Known) -> Iterator[Finding]:
    """A process ended with a lock still taken.

    It called acquire(), and an exception or a return came before release(). The lock stays
    taken for ever: the next who wants it waits.

    What to do: `with lock:` releases it on every way out. Where the two calls must be apart,
    put release() into a `finally`.
    """
    cure = "use `with lock:`, which releases it on every way out, also by an exception"
    told = set()
    for hold, waits in waiters_of_dead(known):
        if not is_part_of_queue(known, hold.thing) and left_by(known, hold):
            told.add(hold.process)
            yield lost(known, "lock-left", hold, waits, cure)
    if known.notes(NOT_OWNED):
        return  # locks that one takes and another gives back: somebody waits, or it is meant so
    for one, note in known.notes(LEFT):
        where = known.place(str(note.said.get("where") or ""))
        # One inside a queue has no place: a Pool's are taken at its end, on purpose.
        if where and one.key not in told and not one.alive and _outlived(known, one.key, note):
            yield known.finding(
                "lock-left",
                f"{known.who(one.key)} ended with a lock still taken",
                processes=[one.key],
                evidence=[
                    ("taken", f"at {where}"),
                    ("then", known.fate(one.key)),
                ],
                cure=cure,
                standing=False,
                mono=note.mono,
            )


def _outlived(known: Known, key: str, note: Note) -> bool:
    """Whether anybody who may want that lock was still there."""
    return any(
        other.alive or (other.ended is not None and other.ended.mono > note.mono)
        for other in known.run.processes
        if other.key != key and other.role not in relations.QUIET_ROLES
    )


@trouble("queue-lock-lost")
def queue_lock_lost(known: Known) -> Iterator[Finding]:
    """A process died inside get() or put() of a queue, and with it the queue.

    Who reads from a queue holds the queue's read lock while it waits for the next item, and who
    writes its write lock. A process that is terminated there takes the lock with it: nobody can
    read from (or write to) this queue any more.

    What to do: do not terminate() a process that uses a queue that others use too. Send it an
    item that means "stop", or give each process a queue or pipe of its own.
    """
    cure = (
        "do not terminate() a process that reads from a shared queue: send it an item that "
        "means stop, or give it a queue of its own"
    )
    for hold, waits in waiters_of_dead(known):
        if is_part_of_queue(known, hold.thing):
            yield lost(known, "queue-lock-lost", hold, waits, cure)


def lost(known: Known, kind: str, hold: Hold, waits: list[Wait], cure: str) -> Finding:
    """A lock that went down with its holder."""
    waiting = [wait.process for wait in waits]
    verb = "wait" if len(set(waiting)) > 1 else "waits"
    certain = hold.state == HELD
    # A permit, or a lock of who ended well, may be meant for another to give back.
    owned = known.is_mutex(hold.thing) and not (
        kind == "lock-left" and not known.is_recursive(hold.thing)
    )
    owned = owned or is_part_of_queue(known, hold.thing) or hold.thing.startswith("proxy:")
    return known.finding(
        kind,
        f"{known.whos(waiting)} {verb} for {known.thing(hold.thing)}, which"
        f" {known.who(hold.process)} {'took' if certain else 'was about to take or release'}"
        " and never releases: it is dead",
        certainty=PROVED if certain and owned else known.certainty(waits),
        processes=[*waiting, hold.process],
        things=[hold.thing],
        evidence=[
            ("held by", f"{known.who(hold.process)}{known.taken(hold)}"),
            ("which", known.fate(hold.process)),
            *known.lines(waits),
        ],
        cure=cure,
        settle=ANYBODY
        if certain
        else "whether it died before or after it had the lock is not recorded",
        mono=hold.since,
    )


@trouble("proxy-lock-held-by-dead")
def proxy_lock_held_by_dead(known: Known) -> Iterator[Finding]:
    """A process died while it held a lock of a Manager, and others wait for that lock.

    The lock lives in the manager's process, which does not learn that the holder is gone. It
    stays taken for ever.

    What to do: the same as for a lock of multiprocessing: do not kill who may hold it, or let
    the others wait with acquire(timeout=…).
    """
    holds = [one for one in known.picture.holds if one.thing.startswith("proxy:")]
    for hold in holds:
        if hold.state != HELD or known.is_alive(hold.process):
            continue
        taking = [
            one.process
            for one in holds
            if one.thing == hold.thing and one.state == TAKING and known.is_alive(one.process)
        ]
        waits = [wait for key in taking if (wait := known.main_wait(key)) is not None]
        if waits:
            yield lost(known, "proxy-lock-held-by-dead", hold, waits, NO_OWNER)


@trouble("lock-self")
def lock_self(known: Known) -> Iterator[Finding]:
    """A process waits for a lock that it holds itself.

    multiprocessing.Lock is not recursive: the same thread cannot take it twice, as when a
    function that holds it calls a helper that takes it too.

    What to do: take it in one place only, or use RLock, which the same thread may take again.
    """
    for cycle in known.graph.cycles():
        wait, hold = cycle[0].wait, cycle[0].hold
        if len(cycle) == 1 and hold is not None and known.is_mutex(hold.thing):
            yield _held_by_itself(known, wait, hold, known.certainty_of_circle(cycle))
    for wait in known.picture.waits:
        hold = _own_proxy(known, wait)
        if hold is not None:
            yield _held_by_itself(known, wait, hold, PROVED)


def _own_proxy(known: Known, wait: Wait) -> Hold | None:
    """The lock of a manager that this thread has and takes again, as what it does tells.

    That it takes a lock which it has already is not recorded: it says `held` all the while.
    """
    if not {"AcquirerProxy.acquire", "AcquirerProxy.__enter__"}.intersection(known.calls(wait)):
        return None
    own = [
        hold
        for hold in known.picture.holds
        if (hold.process, hold.tid) == (wait.process, wait.tid)
        and hold.thing.startswith("proxy:")
    ]
    return own[0] if len(own) == 1 and own[0].state == HELD and known.is_dead(wait) else None


def _held_by_itself(known: Known, wait: Wait, hold: Hold, certainty: str) -> Finding:
    cure = "a Lock cannot be taken twice: take it in one place, or make it an RLock"
    frame = known.frame(wait)
    if hold.thing.startswith("file:"):
        cure = "a file that is opened a second time is locked anew: lock it in one place"
    elif frame is not None and hold.where == f"{frame.file}:{frame.line}":
        cure = (
            "it came here a second time without a release() in between, as after an"
            " exception: use `with lock:`, which releases it on every way out; where a"
            " function calls itself, make it an RLock"
        )
    return known.finding(
        "lock-self",
        f"{known.who(wait.process)} waits for {known.thing(hold.thing)}, which it holds itself",
        processes=[wait.process],
        things=[hold.thing],
        evidence=[("held by", f"itself{known.taken(hold)}"), ("waits", known.line(wait))],
        certainty=certainty,
        cure=cure,
        settle=ANYBODY,
        mono=wait.since,
    )


@trouble("deadlock")
def deadlock(known: Known) -> Iterator[Finding]:
    """Processes that each hold a lock which another of them waits for.

    One took lock A and then wants B, the other took B and then wants A. Neither can go on.

    What to do: take locks in the same order everywhere. Where that is not possible, use one
    lock for both, or acquire the second with a time-out and give the first back when it fails.
    """
    for cycle in known.graph.cycles():
        if len(cycle) < 2:  # noqa: PLR2004 - lock-self
            continue
        processes = [edge.wait.process for edge in cycle]
        evidence = [
            row for at, edge in enumerate(cycle) for row in _link(known, cycle[at - 1], edge)
        ]
        yield known.finding(
            "deadlock",
            f"{known.whos(processes)} wait for each other in a circle",
            processes=processes,
            things=[edge.thing.id for edge in cycle],
            certainty=known.certainty_of_circle(cycle),
            evidence=evidence,
            settle=ANYBODY,
            cure="take these locks in the same order everywhere"
            if all(edge.hold for edge in cycle)
            else "do not join() a process while you hold a lock that it needs",
            mono=max(edge.wait.since for edge in cycle),
        )


def _link(known: Known, before: Edge, edge: Edge) -> Iterator[tuple[str, str]]:
    """What one in a circle holds (the one before waits for it), and what it waits for."""
    name = known.name(edge.wait.process)
    if before.hold is not None:
        yield name, f"holds {known.thing(before.thing.id)}{known.taken(before.hold)}"
    at = known.at(edge.wait)
    place = f" at {at}" if at else ""
    what = known.thing(edge.thing.id) if edge.hold else f"the end of {known.who(edge.to)}"
    label = name if before.hold is None else ""
    yield label, f"waits for {what}{place}{known.lasting(edge.wait)}"


@trouble("thread-lock-across-fork")
def thread_lock_across_fork(known: Known) -> Iterator[Finding]:
    """A forked child waits for a lock of threads that no thread of it can release.

    fork() copies the memory of a process, locks that are taken included, but only the one
    thread that called it. A lock that another thread held at that moment stays taken in the
    child for ever. Locks inside libraries (logging, numpy, gRPC) can be meant too.

    What to do: start processes before threads, or use the start method "spawn" or "forkserver",
    whose children begin with an empty memory.
    """
    beside = {child.key: note.said for child, note in known.notes(FORKED_BESIDE)}
    for key, waits in known.waits.items():
        one = known.process(key)
        if one is None or one.method != "fork" or len(waits) != 1:
            continue
        (wait,) = waits
        if wait.kind != THREAD or not known.is_dead(wait) or OF_NOW & {*known.calls(wait)}:
            continue
        forked = beside.get(key, {})
        threads = forked.get("threads") or []
        at = known.place(str(forked.get("where") or one.started_where))
        names = ", ".join(
            f"{each.get('name')} (at {known.place(str(each.get('where') or ''))})"
            for each in threads
        )
        place, beside_it = (
            f" at {at}" if at else "",
            f", which also ran {names}" if names else "",
        )
        yield known.finding(
            "thread-lock-across-fork",
            f"{known.who(key)} waits for a lock of threads, and has no other thread that could"
            " release it",
            processes=[key],
            evidence=[
                ("waits", known.line(wait)),
                ("forked", f"by {known.who(one.parent)}{place}{beside_it}"),
            ],
            cure="fork before you start threads, or use the start method spawn or forkserver",
            mono=wait.since,
        )
