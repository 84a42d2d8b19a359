"""Which recorded holds still count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.observer.holds import current
from tests.pictures import child, holds, picture, thing

if TYPE_CHECKING:
    from mpdebug.model_waits import Hold, Thing

GONE = child("D", alive=False)


def left(found: list[Hold], *things: Thing) -> list[str]:
    """Who is left of these holders; A, B and main live, D has ended."""
    run = picture(child("A"), child("B"), GONE).run
    return [one.process for one in current(found, {one.id: one for one in things}, run)]


def test_a_lock_that_is_free_has_no_holder() -> None:
    """Another process gave it back; of a semaphore some permits are free, and others taken."""
    assert left([holds("D", "x")], thing("x", "A", value=1)) == []
    assert left([holds("D", "x")], thing("x", "A", value=0)) == ["D"]
    assert left([holds("D", "x")], thing("x", "A", kind="Semaphore", value=1)) == ["D"]


def test_the_last_of_several_has_it() -> None:
    """The lock of one that ended was given back by another, and taken again since."""
    lock = thing("x", "A", "B")
    both = [holds("D", "x", since=1), holds("A", "x", since=2)]
    assert left(both, lock) == ["A"]
    assert left(both) == ["A"]
    assert left(both, thing("x", "A", kind="Semaphore")) == ["D", "A"]
    assert left([holds("D", "x", since=0), holds("A", "x", since=0)], lock) == ["D", "A"]


def test_who_is_about_to_take_a_lock_waits_unless_it_has_ended() -> None:
    """Of a living process the kernel tells; one that was killed there may have it."""
    taking = [holds("D", "x", state="taking"), holds("A", "x", state="taking")]
    assert left(taking, thing("x", "A")) == ["D"]
    assert left([holds("A", "x", state="releasing")], thing("x", "A")) == ["A"]
