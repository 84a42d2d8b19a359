"""Who waits for whom, in a circle or for the dead, on made-up pictures: proved or suspected."""

from __future__ import annotations

import pytest

from mpdebug.diagnosis import why
from mpdebug.model import Ended, Note
from mpdebug.model_waits import PROVED, RUNS, SEMAPHORE, SUSPECTED, TIMED
from tests.pictures import child, does, holds, joins, picture, process, thing, waits

X = thing("x", "A", "B")


def kinds(*facts: object, **more: object) -> list[tuple[str, str, bool]]:
    """(kind, certainty, standing) of all that is found."""
    found = why.explain(picture(*facts, **more))  # type: ignore[arg-type]
    return [(one.kind, one.certainty, one.standing) for one in found]


def test_a_lock_taken_twice() -> None:
    """By the same thread, and nobody is left who could release it."""
    own = [child("A"), thing("x", "A"), holds("A", "x"), waits("A", "x", SEMAPHORE)]
    assert kinds(*own, joins("M", "A")) == [("lock-self", PROVED, True)]


def test_a_lock_taken_twice_may_be_a_signal() -> None:
    """Where another process that runs has it too: that one may be meant to release it."""
    own = [child("A"), child("B"), X, holds("A", "x"), waits("A", "x", SEMAPHORE)]
    assert kinds(*own, does("B", TIMED), joins("M", "A")) == [("lock-self", SUSPECTED, True)]


def test_who_moved_between_the_looks_is_in_no_circle() -> None:
    """In a convoy one has the lock at the first look, and waits for it at the second."""
    wait = waits("A", "x", SEMAPHORE)
    facts = [child("A"), child("B"), X, holds("A", "x"), wait, joins("M", "A")]
    assert kinds(*facts, does("B", TIMED), moves=[wait]) == []


ABBA = (
    child("A"),
    child("B"),
    thing("x", "A", "B", "M"),
    thing("y", "A", "B", "M"),
    holds("A", "x"),
    holds("B", "y"),
    waits("B", "x", SEMAPHORE),
)


def test_locks_in_a_circle_are_proved_while_others_run() -> None:
    """Main looks after its children now and then: who took a lock releases it, not main."""
    facts = [*ABBA, waits("A", "y", SEMAPHORE)]
    assert kinds(*facts, does("M", TIMED)) == [("deadlock", PROVED, True)]


def test_what_may_break_a_circle_makes_it_a_suspicion() -> None:
    """A signal's handler, another thread of a holder, and a program that hands locks over."""
    said = [("deadlock", SUSPECTED, True)]
    running = [*ABBA, does("M", TIMED)]
    assert kinds(*running, waits("A", "y", SEMAPHORE, by_signal=True, by_timer=True)) == said
    service = waits("A", "y", SEMAPHORE, by_signal=True)  # it handles what ends it
    assert kinds(*running, service) == [("deadlock", PROVED, True)]
    facts = [*running, waits("A", "y", SEMAPHORE)]
    assert kinds(*facts, does("A", TIMED, tid=7)) == said
    main = process("M", notes=(Note("not owned", 5, {"where": "/home/me/app.py:4"}),))
    assert said[0] in kinds(*facts, main)


@pytest.mark.parametrize(
    ("kind", "status", "certainty"),
    [
        ("Lock", -9, PROVED),
        ("Lock", 0, SUSPECTED),  # a baton
        ("RLock", 0, PROVED),
        ("Semaphore", -9, SUSPECTED),
        ("Semaphore", 0, SUSPECTED),
    ],
)
def test_what_a_living_process_may_give_back_is_suspected(
    kind: str, status: int, certainty: str
) -> None:
    """Main still runs and has the lock too: only who took an RLock can release it."""
    facts = [child("B"), thing("x", "M", "B", kind=kind), holds("A", "x"), does("M", RUNS)]
    gone = child("A", alive=False, ended=Ended(500, status, "parent"))
    told = kinds(gone, *facts, waits("B", "x", SEMAPHORE))
    assert [one[1] for one in told] == [certainty]


def test_a_semaphore_is_no_lock_that_one_waits_for_oneself() -> None:
    """Two are signals that others give, in a ring buffer: neither lock-self nor a deadlock."""
    self_taken = [child("A"), thing("x", "M", "A", kind="Semaphore"), holds("A", "x")]
    assert "lock-self" not in str(
        kinds(*self_taken, waits("A", "x", SEMAPHORE), joins("M", "A"))
    )
    circle = [
        child("A"),
        child("B"),
        *(thing(name, "M", "A", "B", kind="Semaphore") for name in "xy"),
        *(holds("A", "x"), waits("A", "y", SEMAPHORE)),
        *(holds("B", "y"), waits("B", "x", SEMAPHORE)),
    ]
    assert kinds(*circle, does("M", RUNS)) == [("deadlock", SUSPECTED, True)]


@pytest.mark.parametrize(("named", "proved"), [(True, True), (False, False)])
def test_a_child_that_still_imports_may_open_a_semaphore(named: bool, proved: bool) -> None:
    """Under spawn its arguments come behind the import of the main module."""
    late = child("B", method="spawn", named=named)
    facts = [child("A"), late, thing("x", "A"), waits("A", "x", SEMAPHORE), joins("M", "A")]
    assert bool(kinds(*facts, does("B", RUNS))) == proved


def test_what_went_on_was_no_proof() -> None:
    """Somebody outside let it go on, and all ended well: it is told as a suspicion."""
    facts = [child("A"), thing("x", "A"), holds("A", "x"), waits("A", "x", SEMAPHORE)]
    (one,) = why.explain(picture(*facts, joins("M", "A")))
    gone = child("A", alive=False, ended=Ended(900, 0, "parent"))
    hung = picture(gone, process("M", alive=False, ended=Ended(901, -2, "supervisor")))
    well = picture(gone, process("M", alive=False, ended=Ended(901, 0, "supervisor")))
    assert why.in_hindsight(hung.run, one) == one
    later = why.in_hindsight(well.run, one)
    assert (later.certainty, later.standing, later.settle) == (SUSPECTED, False, why.WENT_ON)
