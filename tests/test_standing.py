"""Which processes stand still: told once, and cheaply."""

from __future__ import annotations

import os
import subprocess

from mpdebug.model import Process, Stop
from mpdebug.observer.standing import DEEP, LONG, LONGEST, SHORTEST, Gate, Signs, signs_of
from tests.harness import until
from tests.pictures import process


class Clockwork:
    """Processes that move when they are told to."""

    def __init__(self) -> None:
        self.ran: dict[int, list[int]] = {}
        self.dear = 0

    def read(self, pid: int, *, main_only: bool = False) -> Signs:
        """The signs of a process with two threads."""
        self.dear += not main_only
        counts = self.ran.setdefault(pid, [0, 0])
        both = {pid: b"%d" % counts[0], pid + 1: b"%d" % counts[1]}
        return {pid: both[pid]} if main_only else both

    def move(self, one: Process, thread: int = 0) -> None:
        """One of its threads runs."""
        self.ran.setdefault(one.pid, [0, 0])[thread] += 1


A, B = process("A"), process("B")


def test_who_has_not_moved_between_two_looks_is_told_once() -> None:
    """A moves once more and then stands; nobody is told a second time."""
    clock = Clockwork()
    gate = Gate(clock.read)
    assert gate.look([A, B], 0) == frozenset()
    clock.move(A, 1)
    assert gate.look([A, B], 1) == {"B"}
    assert gate.look([A, B], 2) == {"A"}
    assert gate.look([A, B], 3) == frozenset()
    assert gate.standing == {"A", "B"}


def test_who_has_moved_again_may_be_told_again() -> None:
    """After a thread of A ran, A is told when it stands again; so is who is asked for."""
    clock = Clockwork()
    gate = Gate(clock.read)
    for now in range(3):
        gate.look([A, B], now)
    clock.move(A)
    assert gate.look([A, B], 3) == frozenset()
    assert gate.standing == {"B"}
    assert gate.look([A, B], 4) == {"A"}
    gate.tell_again(["B", "gone"])
    assert gate.look([A, B], 5) == {"B"}


def test_who_has_ended_or_is_at_a_breakpoint_does_not_stand() -> None:
    """They are forgotten, and begin anew when they are back."""
    clock = Clockwork()
    gate = Gate(clock.read)
    stop = Stop("A", A.pid, 0, "breakpoint", "app.py", 1, "f", "")
    stopped = process("A", stops=(stop,))
    for now in range(2):
        gate.look([A, B], now)
    assert gate.look([stopped, process("B", alive=False)], 2) == frozenset()
    assert gate.standing == frozenset()
    assert gate.look([A], 3) == frozenset()
    assert gate.look([A], 4) == {"A"}


def test_nobody_is_told_while_a_picture_is_too_dear() -> None:
    """After a picture of half a second the next is a while off; who stands is told then."""
    gate = Gate(Clockwork().read)
    gate.look([A], 0)
    gate.spent(0.5, 0)
    assert gate.look([A], 1) == frozenset()
    assert gate.look([A], 24) == frozenset()
    assert gate.look([A], 25) == {"A"}


def test_what_has_stood_for_long_is_looked_at_more_cheaply() -> None:
    """Only main threads, less often; a move of another thread is seen a few looks later."""
    clock = Clockwork()
    gate = Gate(clock.read)
    for now in range(LONG + 2):
        gate.look([A], now)
    assert SHORTEST * 2 == gate.period <= LONGEST
    before = clock.dear
    for now in range(DEEP):
        gate.look([A], now)
    assert clock.dear == before + 1
    clock.move(A, 1)
    for now in range(DEEP):
        gate.look([A], now)
    assert gate.look([A], 0) | gate.look([A], 1) == {"A"} or gate.standing == {"A"}
    clock.move(A)
    gate.look([A], 2)
    assert gate.period <= SHORTEST * 2


def test_the_signs_of_a_real_process() -> None:
    """One that waits for its input has the same signs; after a line of it, and its end, not."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cat:
        assert cat.stdin
        assert cat.stdout
        cat.stdin.write(b"one\n")
        cat.stdin.flush()
        assert cat.stdout.readline() == b"one\n"
        seen: list[Signs] = [{}]

        def stands() -> bool:
            seen.append(signs_of(cat.pid))
            return seen[-1] == seen[-2]

        until(stands, "it waits for its input")
        assert signs_of(cat.pid, main_only=True) == seen[-1]
        cat.stdin.write(b"two\n")
        cat.stdin.flush()
        assert cat.stdout.readline() == b"two\n"
        assert signs_of(cat.pid) != seen[-1]
    assert signs_of(cat.pid) == {}
    assert os.getpid() in signs_of(os.getpid())
