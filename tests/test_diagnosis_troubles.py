"""The troubles by name, on made-up pictures: what is said, of whom, and how certain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.diagnosis import names, trouble, why
from mpdebug.model import Ended, Frame, Goodbye, Note, Process, Raised, Task
from mpdebug.model_shared import Label
from mpdebug.model_waits import (
    OUTSIDE,
    POLL,
    PROVED,
    READ,
    RUNS,
    SEMAPHORE,
    SUSPECTED,
    THREAD,
    TIMED,
    WRITE,
    LockNote,
    Picture,
    Thing,
    Wait,
)
from tests.pictures import (
    child,
    does,
    holds,
    joins,
    picture,
    pid_of,
    pipe,
    process,
    thing,
    waits,
)

if TYPE_CHECKING:
    from mpdebug.model_waits import Finding

LIB = "/usr/lib/python3.13"
X = thing("x", "A", "B")


def dead(key: str, status: int = -9, **more: Any) -> Process:
    """A child that has ended."""
    return child(key, alive=False, ended=Ended(500, status, "parent"), **more)


def at(wait: Wait, line: int, call: str = "", file: str = "synchronize.py") -> Wait:
    """The same wait with a stack: a line of the program, and the call of the library there."""
    frames = [Frame("/home/me/app.py", line, "work", f"line {line}")]
    if call:
        frames.append(Frame(f"{LIB}/multiprocessing/{file}", 1, call))
    return replace(wait, frames=tuple(frames))


def made(one: Thing, call: str, line: int = 3) -> Thing:
    """A thing with the place of its making."""
    label = Label(process("M"), 1, "semaphore", call, f"/home/me/app.py:{line}", lock="Lock")
    return replace(one, label=label)


def kinds(*facts: object, **more: Any) -> list[tuple[str, str, bool]]:
    """(kind, certainty, standing) of all that is found."""
    return [(one.kind, one.certainty, one.standing) for one in found(*facts, **more)]


def found(*facts: object, **more: Any) -> list[Finding]:
    """All that is found."""
    return why.explain(picture(*facts, **more))


def test_a_lock_of_a_dead_holder_is_proved() -> None:
    """It names the lock, the holder and the waiter, and the death itself is not told again."""
    (one,) = found(
        dead("A"), child("B"), made(X, "Lock"), holds("A", "x"), joins("M", "B"),
        at(waits("B", "x", SEMAPHORE), 8),
        sources={"/home/me/app.py:3": "gate = mp.Lock()"},
    )  # fmt: skip
    assert (one.kind, one.certainty, one.standing) == ("lock-held-by-dead", PROVED, True)
    assert one.title == (
        f'B (pid {pid_of("B")}) waits for Lock "gate" (made at /home/me/app.py:3), which A'
        f" (pid {pid_of('A')}) took and never releases: it is dead"
    )
    assert one.processes == ("B", "A")


def test_a_lock_of_a_living_holder_is_none() -> None:
    """It may release it at any moment."""
    facts: list[object] = [child("A"), child("B"), X, holds("A", "x")]
    facts.append(waits("B", "x", SEMAPHORE))
    assert kinds(*facts, does("A", RUNS), joins("M", "B")) == []
    assert kinds(*facts, does("A", TIMED), joins("M", "B")) == []


def test_a_holder_that_ended_its_work_left_it() -> None:
    """An exception between acquire and release is another trouble than a kill."""
    left = dead("A", 1, notes=(Note("left", 400, {"where": "/home/me/app.py:4"}),))
    here = thing("x", "B")
    facts = [left, child("B"), here, holds("A", "x"), waits("B", "x", SEMAPHORE)]
    assert ("lock-left", PROVED, True) in kinds(*facts, joins("M", "B"))
    assert ("lock-left", PROVED, False) in kinds(left, child("B"), does("B", RUNS))
    assert kinds(left, does("M", RUNS))[0][0] == "lock-left"  # main may want it
    over = process("M", alive=False, ended=Ended(300, 0, "supervisor"))
    assert "lock-left" not in str(kinds(left, over))


def test_a_lock_inside_a_queue_is_the_queues() -> None:
    """Who dies inside get() takes the queue along."""
    facts = [dead("A", -15), child("B"), made(X, "Queue"), holds("A", "x")]
    assert ("queue-lock-lost", PROVED, True) in kinds(
        *facts, waits("B", "x", SEMAPHORE), joins("M", "B")
    )


def test_a_lock_taken_twice_at_one_line_was_not_given_back() -> None:
    """A loop that came round again, after an exception: an RLock would only hide that."""
    facts = [child("A"), X, joins("M", "A")]
    wait = at(waits("A", "x", SEMAPHORE), 8)
    (again,) = found(*facts, wait, replace(holds("A", "x"), where="/home/me/app.py:8"))
    (other,) = found(*facts, wait, replace(holds("A", "x"), where="/home/me/app.py:4"))
    assert "`with lock:`" in again.cure
    assert "`with lock:`" not in other.cure


def test_permits_of_one_that_ended_well_were_left() -> None:
    """It returned without release(): nobody killed it, and `with` is the cure."""
    slots = thing("x", "B", kind="BoundedSemaphore")
    facts = [child("B"), slots, holds("A", "x"), waits("B", "x", SEMAPHORE), joins("M", "B")]
    assert kinds(dead("A", 0), *facts) == [("lock-left", PROVED, True)]
    assert kinds(dead("A", -9), *facts) == [("lock-held-by-dead", PROVED, True)]


def test_who_holds_a_lock_and_waits_for_others_is_told() -> None:
    """Main has the lock and waits for an item of the child that needs the lock."""
    facts = [child("A"), thing("x", "M", "A"), holds("M", "x"), waits("A", "x", SEMAPHORE)]
    (one,) = found(*facts, pipe("p", readers="M", writers="A"), waits("M", "p", READ))
    assert one.kind == "waits-for-ever"
    assert [text.split(" (")[0] for label, text in one.evidence if label == "holds"] == ["M"]
    assert "while you hold a lock" in one.cure


def test_multiprocessings_own_servants_are_no_part_of_the_tale() -> None:
    """The resource tracker reads what the dead will never write: nobody asks about it."""
    tracker = child("T", role="resource tracker")
    facts = [child("A"), tracker, pipe("p", readers="A", writers="M"), waits("A", "p", READ)]
    facts += [pipe("q", readers="T", writers="MA"), waits("T", "q", READ), joins("M", "A")]
    (one,) = found(*facts)
    assert (one.kind, set(one.processes)) == ("waits-for-ever", {"M", "A"})


def test_who_holds_a_lock_of_a_manager_for_which_another_waits_is_told() -> None:
    """The kernel tells only that both wait for the manager's answer."""
    facts: list[object] = [child("A"), child("B"), thing("proxy:s/1", kind="proxy")]
    facts += [holds("A", "proxy:s/1"), holds("B", "proxy:s/1", state="taking"), joins("M", "A")]
    sockets = [
        Thing(a, "socket", users=(b,), peer=c) for a, b, c in ("pAq", "qMp", "rBt", "tMr")
    ]
    (one,) = found(*facts, *sockets, waits("A", "p", READ), waits("B", "r", READ))
    assert one.kind == "waits-for-ever"
    assert [text.split(" (")[0] for label, text in one.evidence if label == "holds"] == ["A"]


def test_workers_that_wait_for_a_lock_of_others_are_not_starved() -> None:
    """More workers would not help: main holds the lock and waits for their results."""
    task = Task("work", "1", "running", 1)
    worker = child("A", role="pool worker", task=task)
    facts = [worker, thing("x", "M", "A"), waits("A", "x", SEMAPHORE), waits("M", "", THREAD)]
    assert kinds(*facts) == [("pool-starved", PROVED, True)]
    assert kinds(*facts, holds("M", "x")) == [("waits-for-ever", PROVED, True)]


def test_who_waits_for_one_that_works_is_not_suspected() -> None:
    """A task waits for a lock, its holder for a subprocess, and that sleeps for a time."""
    task = Task("work", "1", "running", 1)
    facts = [child("A", role="pool worker", task=task), child("B"), thing("x", "M", "A")]
    facts += [waits("A", "x", SEMAPHORE), holds("M", "x"), joins("M", "B")]
    assert kinds(*facts, does("B", TIMED)) == []
    assert kinds(*facts, does("B", OUTSIDE)) == [("suspected-hang", SUSPECTED, True)]


def test_two_locks_of_one_line_are_told_apart() -> None:
    """The line ran twice, as in __init__: both have its name, and a number."""
    label = made(X, "Lock").label
    assert label is not None
    other = replace(thing("y", "A", "B"), label=replace(label, mono=label.mono + 1))
    facts = [child("A"), child("B"), replace(X, label=label), other, does("M", RUNS)]
    circle = [holds("A", "x"), waits("A", "y", SEMAPHORE), holds("B", "y")]
    (one,) = found(
        *facts, *circle, waits("B", "x", SEMAPHORE),
        sources={"/home/me/app.py:3": "self.lock = mp.Lock()"},
    )  # fmt: skip
    assert '"self.lock #1"' in str(one.evidence)
    assert '"self.lock #2"' in str(one.evidence)


def test_a_circle_is_a_deadlock_whoever_else_runs() -> None:
    """Main computes, and could release anything: the circle is proved all the same."""
    both = [child("A"), child("B"), X, thing("y", "A", "B"), holds("A", "x"), holds("B", "y")]
    facts = [*both, waits("A", "y", SEMAPHORE), waits("B", "x", SEMAPHORE), does("M", RUNS)]
    (one,) = found(*facts)
    assert (one.kind, one.certainty, set(one.processes)) == ("deadlock", PROVED, {"A", "B"})


def test_a_forked_child_alone_with_a_lock_of_threads() -> None:
    """No thread is left that could release it; with another thread it is no such trouble."""
    alone = [child("A", method="fork"), waits("A", "", THREAD), joins("M", "A")]
    assert kinds(*alone) == [("thread-lock-across-fork", PROVED, True)]
    assert kinds(*alone, does("A", TIMED, 7)) == []
    spawned = [child("A", method="spawn"), waits("A", "", THREAD), joins("M", "A")]
    assert kinds(*spawned) == [("waits-for-ever", PROVED, True)]


def test_joined_before_its_queue_was_read() -> None:
    """The child's thread cannot send, and main waits for its end."""
    queue = pipe("p", readers="MA", writers="MA")
    feeds = at(waits("A", "p", WRITE, 7), 5, "Queue._feed", "queues.py")
    facts = [child("A"), queue, waits("A", "", THREAD), feeds]
    assert kinds(*facts, joins("M", "A")) == [("join-before-drain", PROVED, True)]
    assert kinds(*facts, does("M", RUNS)) == []


def test_the_end_of_a_program_whose_own_queue_nobody_reads() -> None:
    """Main has put more than the pipe holds, and waits at its end for the thread that sends."""
    feeds = at(waits("M", "p", WRITE, 7), 5, "Queue._feed", "queues.py")
    ends = at(waits("M", "", THREAD), 5, "Queue._finalize_join", "queues.py")
    (one,) = found(pipe("p", readers="M", writers="M"), feeds, ends)
    assert (one.kind, one.certainty) == ("join-before-drain", PROVED)
    assert "cancel_join_thread" in one.cure


def test_a_pipe_whose_other_end_the_reader_has() -> None:
    """Its end never comes; where a stranger has it too, it may."""
    own = made(pipe("p", readers="A", writers="A"), "Pipe")
    facts = [child("A"), waits("A", "p", READ), joins("M", "A")]
    assert kinds(own, *facts) == [("pipe-end-open", PROVED, True)]
    assert kinds(replace(own, writers=("A", "pid:9"), strangers=(9,)), *facts) == []


def test_a_subprocess_that_writes_into_a_full_pipe() -> None:
    """Its only reader waits for its end."""
    facts = [child("A"), pipe("p", readers="M", writers="A"), waits("A", "p", WRITE)]
    assert kinds(*facts, joins("M", "A")) == [("subprocess-pipe-full", PROVED, True)]
    assert kinds(*facts, does("M", OUTSIDE)) == []


def test_a_child_of_multiprocessing_that_writes_into_a_full_pipe() -> None:
    """It has no communicate(): its parent is to read first, and then to join."""
    facts = [child("A", method="fork"), waits("A", "p", WRITE), joins("M", "A")]
    ends = pipe("p", readers="M", writers="A")
    assert kinds(*facts, ends) == [("join-before-drain", PROVED, True)]
    near, far = (Thing(a, "socket", users=(b,), peer=c) for a, b, c in ("pAq", "qMp"))
    assert kinds(*facts, near, far) == [("join-before-drain", PROVED, True)]


def test_a_subprocess_whose_other_pipe_is_read_or_written() -> None:
    """The parent reads stdout while stderr is full, or writes while the answer is not read."""
    facts = [child("A"), pipe("p", readers="M", writers="A"), waits("A", "p", WRITE)]
    reads = [pipe("q", readers="M", writers="A"), waits("M", "q", READ)]
    writes = [pipe("q", readers="A", writers="M"), waits("M", "q", WRITE)]
    for more in (reads, writes):
        (one,) = found(*facts, *more)
        assert (one.kind, one.certainty) == ("subprocess-pipe-full", PROVED)
        assert one.title.startswith("A ")


def test_a_pipe_made_by_hand_whose_other_end_the_reader_has() -> None:
    """os.pipe() has no place of its making; with a second thread, that one may be to write."""
    own = pipe("p", readers="M", writers="M")
    reads = at(waits("M", "p", READ), 9)
    assert kinds(own, reads) == [("pipe-end-open", PROVED, True)]
    assert kinds(own, reads, waits("M", "", THREAD, 7)) == [("waits-for-ever", PROVED, True)]


def test_who_waits_for_one_event_is_told_once() -> None:
    """Three that wait for one event are one trouble."""
    event = made(thing("x", "A", "B", "M"), "Event")
    both = [at(waits(key, "x", SEMAPHORE), 8, "Event.wait") for key in "AB"]
    (one,) = found(child("A"), child("B"), event, *both, joins("M", "A"))
    assert (one.kind, one.processes) == ("event-never-set", ("A", "B"))


def test_who_waits_for_an_event_with_a_lock_in_hand_is_told_so() -> None:
    """The one that would set it waits for that lock."""
    event = made(thing("x", "A", "B", "M"), "Event")
    waiting = at(waits("A", "x", SEMAPHORE), 8, "Event.wait")
    lock = [thing("y", "A", "B"), holds("A", "y"), waits("B", "y", SEMAPHORE)]
    (one,) = found(child("A"), child("B"), event, *lock, waiting, joins("M", "A"))
    (text,) = [text for label, text in one.evidence if label == "holds"]
    assert text.startswith("A (")
    assert text.endswith(f"B (pid {pid_of('B')}) waits for that")
    assert "while you hold a lock" in one.cure


def test_a_barrier_and_an_event_without_the_one_that_died() -> None:
    """Who waits where, and who is gone."""
    own = thing("x", "B")
    waiting = at(waits("B", "x", SEMAPHORE), 8, "Barrier.wait")
    (one, *_) = found(dead("A", 7), child("B"), own, waiting, joins("M", "B"))
    assert (one.kind, one.processes) == ("barrier-party-gone", ("B", "A"))
    waiting = at(waits("B", "x", SEMAPHORE), 8, "Event.wait")
    (one, *_) = found(dead("A", 7), child("B"), own, waiting, joins("M", "B"))
    assert (one.kind, one.processes[0]) == ("event-never-set", "B")


def test_who_waits_for_a_signal_by_design_is_not_called_dead() -> None:
    """The process has a handler of its own."""
    facts = [child("A"), X, waits("A", "x", SEMAPHORE, by_signal=True), joins("M", "A")]
    assert kinds(*facts) == []


ORDERS = {"first_where": "/home/me/app.py:4", "second_where": "/home/me/app.py:5"}


def order(who: str, first: str, second: str, thread: str = "") -> LockNote:
    """Somebody took one lock with another in hand."""
    return LockNote("order", who, (first, second), 1, {**ORDERS, "thread": thread})


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ([order("A", "x", "y"), order("B", "y", "x")], [("lock-order", SUSPECTED, False)]),
        ([order("A", "x", "y"), order("B", "x", "y")], []),
        ([order("A", "x", "y"), order("A", "y", "x")], []),  # one thread never meets itself
        ([order("A", "x", "y"), order("A", "y", "x", "T")], [("lock-order", SUSPECTED, False)]),
        (
            [order("A", "x", "y"), order("B", "y", "x")]
            + [order(who, "g", name) for who in "AB" for name in "xy"],
            [],  # all of them hold a third one meanwhile
        ),
    ],
)
def test_two_orders_of_locks(notes: list[LockNote], said: list[object]) -> None:
    """Told before it ever hangs, and only where two could meet."""
    things = [thing(name, "A", "B", value=1) for name in "xyg"]
    facts = [child("A"), child("B"), *things, does("A", RUNS), does("B", RUNS), does("M", RUNS)]
    assert kinds(*facts, lock_notes=tuple(notes)) == said


def test_what_explains_a_hang_takes_the_place_of_what_only_states_it() -> None:
    """Nobody knows why they wait: that is told, and only then."""
    facts = [child("A"), pipe("p", readers="A", writers="M"), waits("A", "p", READ)]
    assert kinds(*facts, joins("M", "A")) == [("waits-for-ever", PROVED, True)]
    assert kinds(*facts, waits("M", "p", POLL), does("M", RUNS, 7)) == []


@pytest.mark.parametrize(
    ("source", "call", "nth", "name"),
    [
        ("lock = mp.Lock()", "Lock", 0, "lock"),
        ("a, b, c = Lock(), Lock(), Barrier(2)", "Lock", 1, "b"),
        ("self.queue: Queue = ctx.Queue(3)", "Queue", 0, "self.queue"),
        ("locks = [Lock() for _ in range(3)]", "Lock", 2, "locks[2]"),
        ("r, w = Pipe(False)", "Pipe", 0, "r, w"),
        ("work(mp.Lock())", "Lock", 0, ""),
        ("x = (Lock(),", "Lock", 0, ""),  # a line of a longer statement
        ("lock = make()", "Lock", 0, ""),
    ],
)
def test_a_thing_is_called_by_its_variable(source: str, call: str, nth: int, name: str) -> None:
    """Where the line of its making says so plainly."""
    assert names.variable(source, call, nth) == name


def test_an_empty_picture_has_nothing() -> None:
    """And every kind of trouble is looked for in it without a fault."""
    assert why.explain(Picture(picture().run, 1)) == []
    assert len(trouble.TROUBLES) > 50


def test_the_end_of_input_is_the_null_device_only_for_multiprocessings_children() -> None:
    """Main, or a subprocess, came to the end of an input that it really had."""
    said = Goodbye("exception", 400, 1, Raised("EOFError", "EOF when reading a line"))
    assert kinds(dead("A", 1, goodbye=said, method="fork")) == [("stdin-closed", PROVED, False)]
    assert kinds(dead("A", 1, goodbye=said)) == [("died", PROVED, False)]
