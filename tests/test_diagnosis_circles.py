"""Who waits for whom in a circle, on made-up pictures: proved, or only suspected."""

from __future__ import annotations

from mpdebug.diagnosis import why
from mpdebug.model import Note
from mpdebug.model_waits import PROVED, SEMAPHORE, SUSPECTED, TIMED
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
    assert kinds(*running, waits("A", "y", SEMAPHORE, by_signal=True)) == said
    facts = [*running, waits("A", "y", SEMAPHORE)]
    assert kinds(*facts, does("A", TIMED, tid=7)) == said
    main = process("M", notes=(Note("not owned", 5, {"where": "/home/me/app.py:4"}),))
    assert said[0] in kinds(*facts, main)
