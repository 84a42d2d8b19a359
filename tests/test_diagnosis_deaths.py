"""Explaining deaths: their order, whose they are, and histories that are damaged."""

from __future__ import annotations

from mpdebug.diagnosis.deaths import explain
from tests.diagnosed import ABRT, KILL, SEGFAULT, SEGV, TERM, of, said, worker
from tests.histories import (
    born,
    faults,
    goodbye,
    main,
    reaps,
    replay,
    says,
    seen,
    sends,
    started,
    works,
)


def test_deaths_come_in_the_order_of_time() -> None:
    """The first to die is told first, whatever the order of their starts."""
    names = ["A", "B", "C"]
    facts = [*main(), *map(born, names), seen("C", -KILL), seen("A", -SEGV), seen("B", -ABRT)]
    assert [death.process.name for death in explain(replay(facts))][:3] == ["C", "A", "B"]


def test_the_parents_frames_of_a_forked_child_are_cut() -> None:
    """The stack of a forked child goes on below the fork: the report begins at the target."""
    facts = worker(faults("W", SEGFAULT), seen("W", -SEGV))
    frames = of(explain(replay(facts)), "W").frames
    assert [one.function for one in frames] == ["work", "string_at"]


def test_a_pid_that_is_used_again_keeps_its_two_deaths_apart() -> None:
    """A start, a task and a signal belong to the process that had the pid at that time."""
    facts = [
        *main(),
        born("old", pid=500, at=10),
        started("MainProcess", "old", at=11),
        sends("MainProcess", "old", TERM, "Process.terminate", at=20),
        reaps("MainProcess", "old", -TERM, at=21),
        born("new", pid=500, at=30),
        started("MainProcess", "new", at=31),
        sends("new", "new", KILL, at=40),
        reaps("MainProcess", "new", -KILL, at=41),
    ]
    deaths = explain(replay(facts))
    old, new = of(deaths, "old"), of(deaths, "new")
    assert (old.kind, old.bad, new.kind, new.bad) == ("terminated", False, "signal", True)
    assert said(new)["sent by"].startswith("itself")


def test_a_forkservers_child_belongs_to_who_asked_for_it() -> None:
    """Its parent by pid is the forkserver; terminate() by who started it is still meant."""
    facts = [
        *main(),
        born("forkserver", "forkserver", "exec"),
        born("W", "worker", "forkserver", by="forkserver"),
        started("MainProcess", "W", "forkserver"),
        sends("MainProcess", "W", TERM, "Process.terminate"),
        reaps("forkserver", "W", -TERM),
    ]
    run = replay(facts)
    death = of(explain(run), "W")
    assert death.process.parent == run.processes[0].key
    assert (death.kind, death.bad) == ("terminated", False)


def test_a_signal_to_the_whole_group_is_known_by_each_of_it() -> None:
    """Whoever was in the group and died of it has it from the sender, by os.killpg."""
    facts = [
        *main(),
        born("A"),
        born("B"),
        sends("A", "", KILL, "os.killpg", "/home/me/app.py:3", pid=-101, group=[101, 102]),
        seen("A", -KILL),
        seen("B", -KILL),
    ]
    deaths = explain(replay(facts))
    assert said(of(deaths, "A"))["sent by"] == "itself, at app.py:3"
    assert said(of(deaths, "B"))["sent by"] == "A (pid 101) by os.killpg at app.py:3"


def test_a_signal_to_a_group_is_not_blamed_for_deaths_outside_of_it() -> None:
    """Who died of the same signal and was not in the group has it from somebody else."""
    facts = [
        *main(),
        born("A"),
        born("B"),
        sends("MainProcess", "", KILL, "os.killpg", pid=-101, group=[101, None, "?"]),
        seen("A", -KILL),
        seen("B", -KILL),
    ]
    deaths = explain(replay(facts))
    assert "os.killpg" in said(of(deaths, "A"))["sent by"]
    assert said(of(deaths, "B"))["sent by"].startswith("nobody observed")


def test_a_damaged_history_is_explained_as_far_as_it_goes() -> None:
    """Torn files leave odd values and loops; nothing of that raises."""
    facts = [
        *main(),
        born("W", method="spawn"),
        says("W", "started", "MainProcess", where=None, name=7),
        says("MainProcess", "started", "W"),
        says("MainProcess", "reaped", "W", status="?"),
        says("MainProcess", "signal", "W", signal=None),
        goodbye("W", "exception", exception={"type": None, "frames": [None, [1]]}),
        works("W", "", "", job=-5),
    ]
    assert [death.process.name for death in explain(replay(facts))]
