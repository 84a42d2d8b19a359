"""Who waits for what: real programs that hang, and others that only look like it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from mpdebug.diagnosis.graph import Graph
from mpdebug.diagnosis.known import Known
from mpdebug.diagnosis.proof import prove
from mpdebug.model_waits import CHILD, POLL, READ, SEMAPHORE, THREAD, WRITE
from mpdebug.observer import threads
from mpdebug.observer.outside import OutsideReader
from mpdebug.observer.picture import take
from tests.harness import program, until
from tests.looked import SETTLE, Looked, end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Command, Handshake, Lab, Started

pytestmark = pytest.mark.once


@pytest.fixture
def hang(lab: Lab, mpdebug: Command) -> Iterator[Callable[[str, str], Looked]]:
    """Start a program that hangs in a certain way, and look at it until that is proved."""
    made: list[tuple[Started, Looked]] = []

    def start(method: str, how: str) -> Looked:
        it = mpdebug.start(program("waits_for_ever.py"), method, how)
        looked = Looked(lab)
        made.append((it, looked))
        looked.until_dead()
        return looked

    yield start
    for it, looked in made:
        looked.end()
        it.finish()


def test_two_locks_taken_crosswise(
    hang: Callable[[str, str], Looked], start_method: str
) -> None:
    """Both wait for a semaphore that both have, each labelled by where it was made."""
    looked = hang(start_method, "locks")
    waits = looked.waits()
    one, other = waits["A"][0], waits["B"][0]
    assert one.kind == other.kind == SEMAPHORE
    assert one.things != other.things
    assert 0 < one.since < looked.picture.mono
    for wait in (one, other):
        thing = looked.picture.things[wait.things[0]]
        assert (thing.kind, thing.value, thing.waiting) == ("Lock", 0, 1)
        assert thing.label
        assert thing.label.where.endswith("waits_for_ever.py:20")
        assert {one.process, other.process} <= set(thing.users)
        assert thing.strangers == ()


def test_a_queue_that_nobody_drains(
    hang: Callable[[str, str], Looked], start_method: str
) -> None:
    """Main waits for a child, whose feeder thread writes to the queue's pipe."""
    looked = hang(start_method, "queue")
    fills = looked.waits()["fills"]
    assert [wait.kind for wait in fills] == [THREAD, WRITE]
    pipe = looked.picture.things[fills[1].things[0]]
    assert pipe.part == "Queue.pipe"
    assert pipe.label
    assert pipe.label.call == "Queue"
    main = looked.waits()["MainProcess"][0]
    assert main.kind == (POLL if start_method == "forkserver" else CHILD)
    assert [edge.to for edge in Graph(looked.picture).edges_of(main)] == [fills[0].process]


@pytest.mark.once
def test_a_pool_whose_worker_was_killed(
    hang: Callable[[str, str], Looked], start_method: str
) -> None:
    """All threads of main and both workers wait for each other, for a task that is lost."""
    looked = hang(start_method, "pool")
    workers = [one for one in looked.picture.run.processes if one.role == "pool worker"]
    assert sorted(one.alive for one in workers) == [False, True, True]
    assert looked.kinds()["MainProcess"] == THREAD


def test_a_lock_whose_holder_has_ended(
    hang: Callable[[str, str], Looked], start_method: str
) -> None:
    """Who holds it is known while another waits for it, and when all are gone."""
    looked = hang(start_method, "holder")
    graph = Graph(looked.picture)
    (wait,) = looked.waits()["waits"]
    holder = graph.holder_of(wait.things[0])
    assert holder
    assert looked.name_of(holder.process) == "holds"
    assert holder.where.endswith("waits_for_ever.py:53")
    assert [edge.to for edge in graph.on_the_dead()] == [holder.process]
    looked.end()
    until(lambda: not looked.take().run.alive, "the run is over")
    (after,) = [one for one in looked.picture.holds if one.state == "held"]
    assert (after.process, after.where) == (holder.process, holder.where)
    thing = looked.picture.things[after.thing]
    assert (thing.kind, thing.users) == ("Lock", ())
    assert thing.label


def test_a_lock_of_a_manager(hang: Callable[[str, str], Looked]) -> None:
    """A server that only members can ask is dead with them, though it wakes once a second."""
    looked = hang("fork", "manager")
    socket = looked.waits()["waits"][0].things[0]
    assert looked.picture.things[socket].peer in looked.picture.things


ALONE = {
    "pipe": (READ, 1),
    "sockets": (READ, 1),
    "poll": (POLL, 2),
    "select": (POLL, 1),
    "epoll": (POLL, 1),
    "child": (CHILD, 1),
    "thread": (CHILD, 1),
}


@pytest.mark.once
@pytest.mark.parametrize("how", ALONE)
def test_one_call_that_never_returns(hang: Callable[[str, str], Looked], how: str) -> None:
    """Main stands in a call of each kind that only the program itself could end."""
    wait = hang("fork", how).waits()["MainProcess"][0]
    assert (wait.kind, len(wait.things)) == ALONE[how]
    assert wait.main


def test_each_wait_has_its_python_stack(hang: Callable[[str, str], Looked]) -> None:
    """Threads are told apart though the kernel and Python number them differently."""
    looked = hang("fork", "pool")
    looked.take(stacks=True)
    inner = {wait.frames[-1].function for wait in looked.waits()["MainProcess"] if wait.frames}
    outer = [
        [frame.function for frame in wait.frames] for wait in looked.waits()["MainProcess"]
    ]
    assert len(outer) == 4
    assert "Pool.map" in outer[0]
    kinds = [one.kind for one in looked.waits()["MainProcess"]]
    for kind, frames in zip(kinds[1:], outer[1:], strict=True):
        handler = {
            POLL: "Pool._handle_workers",
            READ: "Pool._handle_results",
            THREAD: "Pool._handle_tasks",
        }[kind]
        assert handler in frames, inner


def test_a_wait_that_was_interrupted_for_its_stack_is_known_as_such(
    hang: Callable[[str, str], Looked],
) -> None:
    """Since then it waits, but it may have waited long before: that is told as a least time."""
    looked = hang("fork", "locks")
    looked.take(stacks=True)
    looked.take()
    for name in "AB":
        (wait,) = looked.waits()[name]
        assert wait.asked
        assert Known(looked.picture).lasting(wait).startswith(", for at least ")


def test_each_cpu_has_a_clock_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a wait is told by the clock of the CPU where it began; others are far off."""
    at_home = os.sched_getaffinity(0)
    on = [at_home]
    slept = time.monotonic_ns() - 60 * SECOND

    def read(path: str, _: int = 0) -> bytes:
        if path.endswith("stat"):
            return b"9 (a) b) S " + b"0 " * 35 + b"1 0"
        ran = slept - 7 * SECOND
        if "self" in path:
            ran = time.monotonic_ns() - (7 if on[-1] == {1} else 3) * SECOND
        return f"se.exec_start : {ran // 10**6}.{ran % 10**6:06}".encode()

    monkeypatch.setattr(threads, "read", read)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, cpus: on.append(cpus))
    assert abs(threads.Clock().since(9, 9) - slept) < SECOND
    assert on[1:] == [{1}, at_home]


SECOND = 1_000_000_000

WELL = ("sleeps", "back_and_forth", "serves", "connects", "halted")


@pytest.mark.parametrize(
    ("method", "how"),
    [
        ("fork", "idle"),
        ("spawn", "idle"),
        ("forkserver", "idle"),
        ("fork", "signals"),
        ("spawn", "back_and_forth"),
        *(pytest.param("fork", how, marks=pytest.mark.once) for how in WELL),
    ],
)
def test_a_healthy_program_is_never_dead(
    lab: Lab,
    mpdebug: Command,
    handshake: Callable[[], Handshake],
    method: str,
    how: str,
) -> None:
    """It waits for input, time, a signal, a client or a debugger: nobody in it is dead."""
    ready, go = handshake(), handshake()
    it = mpdebug.start(program("waits_well.py"), method, how, ready.path, go.path)
    ready.wait()
    looked = Looked(lab)
    for _ in range(3):
        looked.take()
        assert looked.proof == prove(looked.picture)
        assert not looked.proof.dead, looked.picture.waits
    if how == "signals":
        assert prove(looked.picture, signals=False).whole
        main = looked.waits()["MainProcess"][0]
        assert main.by_signal
        os.kill(main.tid, signal.SIGUSR1)
    go.say()
    it.finish().ok()


@pytest.mark.once
def test_a_program_without_mpdebug(plain: Command, start_method: str) -> None:
    """What the kernel alone tells is enough for the proof, from main's pid on."""
    it = plain.start(program("waits_for_ever.py"), start_method, "locks")
    reader = OutsideReader(it.pid)

    def is_dead() -> bool:
        return prove(take(reader.refresh(), settle=SETTLE)).whole

    until(is_dead, "it is dead as a whole")
    end(reader.refresh())
    it.finish()


def test_a_worker_without_mpdebug_is_no_program(plain: Command) -> None:
    """Asked for one worker alone, nobody is proved dead: its parent is a stranger."""
    it = plain.start(program("waits_for_ever.py"), "fork", "locks")
    reader = OutsideReader(it.pid)
    until(lambda: prove(take(reader.refresh(), settle=SETTLE)).whole, "it is dead as a whole")
    run = reader.refresh()
    worker = next(one for one in run.processes if one.parent)
    found = take(OutsideReader(worker.pid).refresh(), settle=SETTLE)
    (wait,) = found.waits
    assert wait.kind == SEMAPHORE
    assert it.pid in found.things[wait.things[0]].strangers
    assert not prove(found).dead
    end(run)
    it.finish()


def test_the_picture_of_a_process_that_looks_at_itself() -> None:
    """A program may look at its own process: the thread that looks runs."""
    found = take(OutsideReader(os.getpid()).refresh(), settle=0)
    mine = next(one for one in found.waits if one.tid == os.getpid())
    assert mine.kind == "runs"
