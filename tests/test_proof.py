"""Which threads can never wake: the proof, on pictures that are made up."""

from __future__ import annotations

import random

import pytest

from mpdebug.diagnosis.proof import prove
from mpdebug.model_waits import (
    OUTSIDE,
    POLL,
    READ,
    RUNS,
    SEMAPHORE,
    SERVES,
    STOPPED,
    THREAD,
    TIMED,
    WRITE,
    Picture,
    Wait,
)
from tests.pictures import (
    child,
    does,
    ended,
    joins,
    picture,
    pipe,
    process,
    thing,
    waits,
)

AB = [child("A"), child("B")]
CROSSED: list[object] = [
    *AB,
    thing("x", "M", "A", "B"),
    thing("y", "M", "A", "B"),
    waits("A", "x", SEMAPHORE),
    waits("B", "y", SEMAPHORE),
]


def dead(shown: Picture) -> str:
    """The processes of the dead threads, a letter for each thread."""
    return "".join(sorted(key for key, _ in prove(shown).dead))


def test_two_that_wait_for_locks_and_one_that_joins_are_dead_as_a_whole() -> None:
    """All threads wait for what only they could do: the whole program is dead."""
    proof = prove(picture(*CROSSED, joins("M", "A")))
    assert len(proof.dead) == 3
    assert proof.whole


@pytest.mark.parametrize("kind", [RUNS, TIMED, OUTSIDE, STOPPED])
def test_who_may_go_on_could_wake_whoever_shares_a_lock_with_it(kind: str) -> None:
    """Main runs, sleeps, waits for input or is stopped, and has both locks: nobody is dead."""
    assert dead(picture(*CROSSED, does("M", kind))) == ""


def test_who_does_not_have_the_lock_cannot_wake() -> None:
    """A part of the program is dead, though another part runs that has nothing of theirs."""
    shown = picture(
        *AB,
        thing("x", "A", "B"),
        waits("A", "x", SEMAPHORE),
        waits("B", "x", SEMAPHORE),
        does("M", RUNS),
    )
    assert dead(shown) == "AB"
    assert not prove(shown).whole


def test_a_thread_that_moved_between_the_looks_is_awake() -> None:
    """One that waits now, but ran a moment ago, may have done something: nobody is dead."""
    shown = picture(*CROSSED, joins("M", "A"))
    moved = picture(*CROSSED, joins("M", "A"), moves=[shown.waits[0]])
    assert dead(moved) == ""


def test_a_free_semaphore_wakes_who_waits_for_it() -> None:
    """Its value is more than zero: who waits is just about to wake."""
    assert dead(picture(thing("x", "M", value=1), waits("M", "x", SEMAPHORE))) == ""
    assert dead(picture(thing("x", "M"), waits("M", "x", SEMAPHORE))) == "M"


def test_a_stranger_that_has_a_semaphore_could_wake() -> None:
    """A process outside of the program has it mapped too."""
    assert dead(picture(thing("x", "M", "pid:77"), waits("M", "x", SEMAPHORE))) == ""


def test_what_is_not_known_could_wake() -> None:
    """No facts about the thing, nobody who has it, or no thing at all: nothing is proved."""
    assert dead(picture(waits("M", "x", SEMAPHORE))) == ""
    assert dead(picture(thing("x"), waits("M", "x", SEMAPHORE))) == ""
    assert dead(picture(does("M", POLL))) == ""


def test_a_process_that_could_not_be_looked_at_may_have_anything() -> None:
    """Only a lock of threads of a process that was looked at is beyond its reach."""
    shown = picture(*CROSSED, does("M", THREAD), unread=(("pid:9", "another user"),))
    assert dead(shown) == "M"
    assert not prove(shown).whole


def test_a_thread_lock_with_no_other_thread() -> None:
    """Forked beside a thread that held it: nobody in this process can ever give it back."""
    shown = picture(child("A"), does("A", THREAD), does("M", RUNS))
    assert dead(shown) == "A"


@pytest.mark.parametrize(("kind", "expected"), [(RUNS, ""), (TIMED, ""), (THREAD, "AA")])
def test_a_thread_lock_and_another_thread(kind: str, expected: str) -> None:
    """Another thread of the process may give it, unless it waits for a lock itself."""
    shown = picture(child("A"), does("A", THREAD), does("A", kind, 7), does("M", RUNS))
    assert dead(shown) == expected


def test_a_reader_that_alone_has_the_other_end() -> None:
    """The end of file can never come: the reader itself keeps the pipe open."""
    own = [child("A"), waits("A", "p", READ), does("M", RUNS)]
    assert dead(picture(*own, pipe("p", "A", "A"))) == "A"
    assert dead(picture(*own, pipe("p", "A", "AM"))) == ""


def test_a_pipe_is_written_by_who_has_that_end() -> None:
    """Those who only read it cannot wake a reader, and those who only write no writer."""
    both = [*AB, does("M", RUNS)]
    assert dead(picture(*both, pipe("p", "MA", "A"), waits("A", "p", READ))) == "A"
    assert dead(picture(*both, pipe("p", "A", "MA"), waits("A", "p", READ))) == ""
    assert dead(picture(*both, pipe("p", "A", "MA"), waits("A", "p", WRITE))) == "A"
    assert dead(picture(*both, pipe("p", "MA", "A"), waits("A", "p", WRITE))) == ""


def test_a_stranger_at_the_other_end_of_a_pipe() -> None:
    """Somebody outside of the program reads what it prints: it may go on."""
    assert dead(picture(pipe("p", "pid:77", "M"), waits("M", "p", WRITE))) == ""


def test_a_pipe_that_nobody_writes_is_at_its_end() -> None:
    """Who reads it wakes at once."""
    assert dead(picture(pipe("p", "M", ""), waits("M", "p", READ))) == ""


def test_a_socket_is_written_at_its_other_end() -> None:
    """Who has the peer could write; where that is not known, somebody could."""
    one = thing("socket:1", "A", kind="socket", peer="socket:2")
    base = [child("A"), does("M", RUNS), one, waits("A", "socket:1", READ)]
    assert dead(picture(*base)) == ""
    assert dead(picture(*base, thing("socket:2", "A", kind="socket"))) == "A"
    assert dead(picture(*base, thing("socket:2", "A", "M", kind="socket"))) == ""


def test_join_before_drain() -> None:
    """Main joins a child whose feeder writes to a pipe that only these two could read."""
    shown = picture(
        child("A"),
        pipe("p", "MA", "MA"),
        joins("M", "A"),
        does("A", THREAD),
        waits("A", "p", WRITE, 7),
    )
    assert prove(shown).whole
    drained = picture(*_facts(shown), child("B"), pipe("p", "MAB", "MA"), does("B", TIMED))
    assert dead(drained) == ""


def _facts(shown: Picture) -> list[object]:
    """What a picture is made of."""
    return [*shown.run.processes, *shown.things.values(), *shown.waits, *shown.holds]


def test_any_child_that_may_end_wakes() -> None:
    """Wait for any child: one that runs is enough."""
    two = f"{ended('A').id} {ended('B').id}"
    waiting = [*AB, waits("M", two, "child"), does("A", THREAD)]
    assert dead(picture(*waiting, does("B", THREAD))) == "ABM"
    assert dead(picture(*waiting, does("B", RUNS))) == "A"


def test_a_child_that_has_ended_wakes_its_parent() -> None:
    """A zombie is no member any more: who waits for it returns at once."""
    assert dead(picture(child("A", alive=False), joins("M", "A"))) == ""


def test_a_parent_with_a_thread_that_runs_may_end_its_child() -> None:
    """A dead child stays dead, but who joins it wakes when a watching thread kills it."""
    shown = picture(child("A"), joins("M", "A"), does("M", TIMED, 7), does("A", THREAD))
    assert dead(shown) == "A"


def test_a_poll_wakes_by_any_of_its_things() -> None:
    """A pipe that only dead threads write, and one that a running child has."""
    ends = [child("A"), waits("M", "p q", POLL), pipe("p", "M", "M"), does("A", RUNS)]
    assert dead(picture(*ends, pipe("q", "M", "M"))) == "M"
    assert dead(picture(*ends, pipe("q", "M", "A"))) == ""


def test_a_poll_for_room_wakes_by_readers() -> None:
    """A pipe is polled in order to write: its readers count, not its writers."""
    room = waits("M", "p", POLL, to_write=("p",))
    assert dead(picture(child("A"), room, pipe("p", "M", "MA"), does("A", RUNS))) == "M"
    assert dead(picture(child("A"), room, pipe("p", "MA", "M"), does("A", RUNS))) == ""


def test_a_program_that_handles_a_signal_is_not_dead() -> None:
    """It may wait for that by design; what is dead but for signals is told when asked for."""
    shown = picture(thing("x", "M"), waits("M", "x", SEMAPHORE, by_signal=True))
    assert dead(shown) == ""
    assert prove(shown, signals=False).whole


def test_a_manager_serves_until_nobody_can_ask() -> None:
    """Its server wakes once a second: it is dead as soon as all who could ask are."""
    serving = [
        child("S", role="manager"),
        child("A"),
        does("S", SERVES),
        waits("S", "socket:1", READ, 7),
        does("S", THREAD, 8),
        waits("A", "socket:3", READ),
        thing("socket:1", "S", kind="socket", peer="socket:2"),
        thing("socket:2", "M", kind="socket", peer="socket:1"),
        thing("socket:3", "A", kind="socket", peer="socket:4"),
        thing("socket:4", "S", kind="socket", peer="socket:3"),
    ]
    whole = picture(*serving, joins("M", "A"))
    assert prove(whole).whole
    moving = picture(*serving, joins("M", "A"), moves=[does("S", SERVES)])
    assert prove(moving).whole
    assert dead(picture(*serving, does("M", TIMED))) == ""


def test_a_forkserver_tells_only_of_the_end_of_its_children() -> None:
    """Main polls for the end of A, and the forkserver has the other end of that pipe."""
    server = process("F", "M", "forkserver")
    asked: list[object] = [
        server,
        child("A", ppid=server.pid),
        child("B", "X", ppid=1),
        process("X"),
        pipe("p", "M", "F"),
        waits("M", "p", POLL),
        does("F", SERVES),
        does("X", RUNS),
        does("B", RUNS),
    ]
    assert dead(picture(*asked, does("A", THREAD))) == "AM"
    assert dead(picture(*asked, does("A", RUNS))) == ""


def test_servants_alone_are_no_dead_program() -> None:
    """Only the forkserver and the resource tracker are left: they end by themselves."""
    servants = [
        process("F", role="forkserver"),
        process("R", role="resource tracker"),
        process("M", alive=False),
        does("F", SERVES),
        waits("R", "p", READ),
        pipe("p", "R", "FR"),
    ]
    assert not prove(picture(*servants)).whole


@pytest.mark.parametrize("seed", range(20))
def test_what_is_proved_is_closed_and_the_largest_that_is(seed: int) -> None:
    """On random pictures: the same as removing one thread after the other in any order."""
    chance = random.Random(seed)
    keys = "ABCDEFGH"
    locks = [thing(f"x{n}", *chance.sample(keys, chance.randint(1, 4))) for n in range(6)]
    kinds = [SEMAPHORE] * 5 + [THREAD, RUNS]
    found: list[Wait] = []
    for key in keys:
        for tid in range(chance.randint(1, 2)):
            kind = chance.choice(kinds)
            name = chance.choice(locks).id if kind == SEMAPHORE else ""
            found.append(waits(key, name, kind, tid))
    shown = picture(*(child(key) for key in keys), *locks, *found)
    left = {(one.process, one.tid): one for one in found if one.kind != RUNS}
    awake = {one.process for one in found} - {key for key, _ in left} | {
        one.process for one in found if one.kind == RUNS
    }
    changed = True
    while changed:
        changed = False
        for node in chance.sample(sorted(left), len(left)):
            one = left[node]
            users = {one.process} if one.kind == THREAD else shown.things[one.things[0]].users
            if awake & set(users):
                awake.add(one.process)
                del left[node]
                changed = True
    assert prove(shown).dead == left.keys()
