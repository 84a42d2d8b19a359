"""Who waits for whom, on pictures that are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mpdebug.diagnosis.graph import Graph
from mpdebug.model_waits import POLL, RUNS, SEMAPHORE
from tests.pictures import child, does, holds, joins, picture, pid_of, pipe, thing, waits

AB: list[object] = [child("A"), child("B"), thing("x", "A", "B"), thing("y", "A", "B")]
CROSSED: list[object] = [
    *AB,
    holds("A", "x"),
    holds("B", "y"),
    waits("A", "y", SEMAPHORE, since=5),
    waits("B", "x", SEMAPHORE, since=4),
]


def circles(*facts: object) -> list[str]:
    """The circles, as letters of who waits in them."""
    found = Graph(picture(*facts)).cycles()
    return ["".join(edge.wait.process for edge in circle) for circle in found]


def test_two_locks_taken_in_opposite_orders_are_one_circle() -> None:
    """It begins with who has waited longest, and names both locks and holders."""
    graph = Graph(picture(*CROSSED, does("M", RUNS)))
    (circle,) = graph.cycles()
    assert [(one.wait.process, one.thing.id, one.to) for one in circle] == [
        ("B", "x", "A"),
        ("A", "y", "B"),
    ]
    assert [one.hold and one.hold.process for one in circle] == ["A", "B"]


def test_who_waits_for_a_circle_is_not_in_it() -> None:
    """Main joins one of the two, and a third waits for one of their locks."""
    more = [child("C"), waits("C", "x", SEMAPHORE, since=1), joins("M", "A", since=2)]
    assert circles(*CROSSED, *more) == ["BA"]


def test_one_that_waits_for_its_own_lock() -> None:
    """A lock taken twice by the same thread is a circle of one."""
    assert circles(*AB, holds("A", "x"), waits("A", "x", SEMAPHORE)) == ["A"]


def test_who_joins_a_process_that_waits_for_its_lock() -> None:
    """Main holds the lock and waits for the end of a child, which waits for the lock."""
    assert circles(
        *AB, holds("M", "x"), joins("M", "A", since=2), waits("A", "x", SEMAPHORE, since=3)
    ) == ["MA"]


def test_the_end_of_a_process_is_also_told_by_a_pipe() -> None:
    """Under forkserver main polls the sentinel of the child that waits for its lock."""
    sentinel = replace(pipe("p", "M", "F"), ends="A")
    waiting = [waits("M", "p", POLL, since=2), waits("A", "x", SEMAPHORE, since=3)]
    assert circles(*AB, sentinel, holds("M", "x"), *waiting) == ["MA"]


def test_a_chain_is_no_circle() -> None:
    """A waits for B, B for C, and C runs."""
    chain = [
        *AB,
        child("C"),
        holds("B", "x"),
        holds("C", "y"),
        waits("A", "x", SEMAPHORE),
        waits("B", "y", SEMAPHORE),
        does("C", RUNS),
    ]
    assert circles(*chain) == []


def test_another_thread_of_the_holder_may_give_the_lock_back() -> None:
    """The thread of A that holds the lock runs; that its main thread waits closes no circle."""
    assert (
        circles(
            *AB,
            holds("A", "x", tid=7),
            holds("B", "y"),
            waits("A", "y", SEMAPHORE),
            does("A", RUNS, 7),
            waits("B", "x", SEMAPHORE),
        )
        == []
    )


def test_a_semaphore_with_several_holders_is_in_no_circle() -> None:
    """Any of them may give a permit."""
    many = [*CROSSED, holds("M", "x"), does("M", RUNS)]
    assert circles(*many) == []


@pytest.mark.parametrize("state", ["taking", "releasing"])
def test_who_only_may_hold_a_lock_is_in_no_circle(state: str) -> None:
    """A process that was about to take it, or to give it back, is no certain holder."""
    graph = Graph(picture(*AB, holds("A", "x", state=state), waits("B", "x", SEMAPHORE)))
    assert graph.holder_of("x") is None
    assert [one.state for one in graph.holders_of("x")] == [state]
    assert graph.cycles() == []


def test_a_lock_of_the_dead() -> None:
    """Who waits for a lock whose holder has ended is told with it; that is no circle."""
    gone = [child("A", alive=False), *AB[1:], holds("A", "x"), waits("B", "x", SEMAPHORE)]
    graph = Graph(picture(*gone))
    assert [(one.wait.process, one.to) for one in graph.on_the_dead()] == [("B", "A")]
    assert graph.cycles() == []


def test_questions() -> None:
    """Waiters come in the order in which they came, the main thread before the others."""
    graph = Graph(picture(*CROSSED, waits("A", "x", SEMAPHORE, 7, since=1)))
    assert [(one.process, one.tid) for one in graph.waiters_of("x")] == [
        ("A", 7),
        ("B", pid_of("B")),
    ]
    assert [one.main for one in graph.waits_of("A")] == [True, False]
    assert [one.thing for one in graph.holds_of("B")] == ["y"]
    wait, other = graph.wait_of("A"), graph.wait_of("A", 7)
    assert wait is not None
    assert other is not None
    assert (wait.things, other.things) == (("y",), ("x",))
    assert graph.wait_of("Z") is None
    assert graph.waiters_of("z") == []
    assert graph.is_dead("Z")
