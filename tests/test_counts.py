"""Counts of hits over all processes: tickets, places, and the policy of a breakpoint."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpdebug.agent import counts
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORK = multiprocessing.get_context("fork")
DEADLINE = 30


@pytest.fixture
def run(tmp_path: Path) -> Iterator[str]:
    """A run folder; what this process keeps about it is dropped afterwards."""
    yield str(tmp_path)
    for file in (
        *(file for kept in counts.free.values() for file in kept),
        *counts.slots.values(),
    ):
        file.close()
    for kept in (counts.free, counts.slots, counts.held, counts.settled, counts.alone):
        kept.clear()


@contextlib.contextmanager
def children(work: Callable[[int], object], count: int) -> Iterator[Callable[[], list[object]]]:
    """So many forked processes that do this at the same time; ask for what they returned."""
    gate = FORK.Barrier(count)
    ends = [FORK.Pipe(duplex=False) for _ in range(count)]

    def body(index: int) -> None:
        gate.wait(DEADLINE)
        ends[index][1].send(work(index))

    made = [FORK.Process(target=body, args=(index,)) for index in range(count)]
    for each in made:
        each.start()

    def answers() -> list[object]:
        assert all(end.poll(DEADLINE) for end, _ in ends)
        return [end.recv() for end, _ in ends]

    yield answers
    for each in made:
        each.join(DEADLINE)
        assert each.exitcode == 0
        each.close()
    for pair in ends:
        for end in pair:
            end.close()


def test_tickets_of_many_processes_are_all_different(run: str) -> None:
    """Four processes of two threads draw at once: 1 to N are each given out once.

    The parent has drawn before, so the children inherit a descriptor that they must not use.
    """
    assert counts.ticket(run, "/x/app.py:42") == 1

    def draw(_index: int) -> list[int]:
        drawn: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: drawn.extend(
                    counts.ticket(run, "/x/app.py:42") for _ in range(500)
                )
            )
            for _ in range(2)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return drawn

    with children(draw, 4) as answers:
        drawn = [number for each in answers() for number in each]  # type: ignore[attr-defined]
    assert sorted(drawn) == list(range(2, 4002))
    assert counts.ticket(run, "/x/app.py:42") == 4002
    assert counts.ticket(run, "another") == 1


def test_a_descriptor_that_the_program_took_is_not_written_to(run: str, tmp_path: Path) -> None:
    """A daemonising program closes ours and gets the number for a file of its own."""
    assert counts.ticket(run, "k") == 1
    (file,) = counts.free[run, "k"]
    theirs = os.open(tmp_path / "theirs", os.O_RDWR | os.O_CREAT)
    os.dup2(theirs, file.fd)
    taken = file.fd
    assert counts.ticket(run, "k") == 2
    assert os.fstat(theirs).st_size == 0
    os.close(theirs)
    os.close(taken)


def test_many_keys_keep_few_descriptors(run: str) -> None:
    """A key for each item of work is counted too, without a descriptor for each."""
    before = len(os.listdir("/proc/self/fd"))
    assert all(counts.ticket(run, f"item {number}") == 1 for number in range(200))
    assert all(counts.ticket(run, f"item {number}") == 2 for number in range(200))
    assert len(os.listdir("/proc/self/fd")) <= before + counts.KEPT


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "ü\udc80\n\0", "x" * 5000, "~+%"])
def test_any_text_is_a_key(run: str, key: str) -> None:
    """Whatever a program calls its key is one plain file in the folder of counts."""
    assert [counts.ticket(run, key), counts.ticket(run, key)] == [1, 2]
    assert os.listdir(f"{run}/{layout.COUNTS}") == [counts.safe_name(key)]
    assert counts.safe_name(key) != counts.safe_name(key + "x")


def test_where_nothing_can_be_counted_the_process_counts_for_itself(tmp_path: Path) -> None:
    """Without the run folder a ticket is 0, and `once` still means once in this process."""
    gone = str(tmp_path / "gone")
    assert counts.ticket(gone, "k") == 0
    first = counts.wanted(gone, "k", once=True, limit=1)
    assert first is not None
    assert first.number == 0
    assert counts.wanted(gone, "k", once=True) is None


def test_at_most_so_many_stand_at_once(run: str) -> None:
    """Two of five processes get a place; it is free when it is given, or its holder ends."""
    done = FORK.Event()

    def stand(index: int) -> bool:
        slot = counts.take(run, "k", 2)
        ends[index][1].send(slot is not None)
        done.wait(DEADLINE)
        if slot is not None and slot.index == 0:
            counts.give(slot)
        return slot is not None

    ends = [FORK.Pipe(duplex=False) for _ in range(5)]
    with children(stand, 5):
        got = [end.recv() for end, _ in ends if end.poll(DEADLINE)]
        assert Counter(got) == {True: 2, False: 3}
        assert counts.take(run, "k", 2) is None
        third = counts.take(run, "k", 3)
        assert third is not None
        done.set()
    slots = [counts.take(run, "k", 3) for _ in range(3)]
    assert [slot.index for slot in slots if slot] == [0, 1]
    counts.give(third)
    assert counts.take(run, "k", 3) is not None
    for pair in ends:
        for end in pair:
            end.close()


def test_a_forked_child_has_no_place_of_its_parent(run: str) -> None:
    """The child of a process that stands neither holds its place nor gives it away."""
    slot = counts.take(run, "k", 1)
    assert slot is not None

    def child(_index: int) -> bool:
        counts.give(slot)
        return counts.take(run, "k", 1) is None

    with children(child, 1) as answers:
        assert answers() == [True]
    assert counts.take(run, "k", 1) is None
    counts.give(slot)
    assert counts.take(run, "k", 1) is not None


POLICIES = [
    ({}, [1, 2, 3, 4, 5, 6, 7, 8]),
    ({"once": True}, [1]),
    ({"after": 5}, [6, 7, 8]),
    ({"every": 3}, [3, 6]),
    ({"every": 3, "after": 1}, [4, 7]),
    ({"once": True, "after": 2}, [3]),
    ({"once": True, "every": 2, "after": 3}, [5]),
]


@pytest.mark.parametrize(("policy", "stops"), POLICIES, ids=str)
def test_the_policy_of_a_breakpoint(run: str, policy: dict[str, int], stops: list[int]) -> None:
    """Which of eight hits stop under once, every and after, and in which order they apply."""
    found = [
        hit
        for hit in range(1, 9)
        if counts.wanted(run, "k", **policy) is not None  # type: ignore[arg-type]
    ]
    assert found == stops


def test_what_is_settled_is_not_counted_any_more(run: str) -> None:
    """After its one stop a `once` costs no writes, nor does `after` once it is over."""
    for _ in range(50):
        counts.wanted(run, "o", once=True)
        counts.wanted(run, "a", after=3)
    sizes = [Path(run, layout.COUNTS, name).stat().st_size for name in "oa"]
    assert sizes == [1, 4]


def test_once_is_once_among_many_processes(run: str) -> None:
    """Of six processes that come to the same breakpoint one stops."""
    with children(lambda _index: counts.wanted(run, "k", once=True) is not None, 6) as answers:
        assert Counter(answers()) == {True: 1, False: 5}
