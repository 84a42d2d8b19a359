"""Equal deaths of many processes are told once, with their number."""

from __future__ import annotations

import signal

from mpdebug.diagnosis.deaths import explain
from mpdebug.diagnosis.fold import FEW, fold
from tests.histories import (
    born,
    frame,
    main,
    raises,
    reaps,
    replay,
    seen,
    sends,
    spawned,
    works,
)

KILL = int(signal.SIGKILL)


def test_a_flood_of_equal_deaths_is_one_with_a_count() -> None:
    """Every worker of a Pool dies in its initializer: one report for 312 of them."""
    names = [f"ForkPoolWorker-{number}" for number in range(312)]
    facts = main()
    for name in names:
        raised = raises(name, "RuntimeError", "no database", frame("app.py", 4, "init"))
        facts += [born(name, "pool worker"), raised, seen(name, 1)]
    groups = fold(explain(replay(facts)))
    assert [(len(group.deaths), group.first.process.name) for group in groups] == [
        (312, names[0])
    ]


def test_a_few_equal_deaths_are_told_one_by_one() -> None:
    """With few processes each name and each task counts."""
    names = [f"W{number}" for number in range(FEW)]
    facts = [*main(), *[born(name) for name in names], *[seen(name, -KILL) for name in names]]
    assert [len(group.deaths) for group in fold(explain(replay(facts)))] == [1] * FEW


def test_deaths_that_differ_in_cause_or_place_stay_apart() -> None:
    """The line where it happened is part of what is equal; the task in hand is not."""
    facts = main()
    for number in range(2 * FEW + 2):
        name = f"W{number}"
        raised = raises(name, "ValueError", "no", frame("app.py", 4 + number % 2, "work"))
        facts += [born(name, "pool worker"), works(name, "work", str(number)), raised]
        facts.append(seen(name, 1))
    groups = fold(explain(replay(facts)))
    assert [len(group.deaths) for group in groups] == [FEW + 1, FEW + 1]


def test_workers_that_kill_themselves_are_equal_wherever_the_pid() -> None:
    """What is said of the sender names the process: that does not tell equal deaths apart."""
    facts = main()
    for number in range(FEW + 1):
        name = f"W{number}"
        facts += [born(name), sends(name, name, KILL), seen(name, -KILL)]
    assert [len(group.deaths) for group in fold(explain(replay(facts)))] == [FEW + 1]


def test_workers_that_commands_kill_are_equal_whichever_command() -> None:
    """A `kill` for each of many workers: its pid does not tell equal deaths apart."""
    facts = main()
    for number in range(FEW + 1):
        name, kill = f"W{number}", f"kill {number}"
        facts += [born(name), spawned("MainProcess", kill, "kill", "-9", name)]
        facts += [seen(name, -KILL), reaps("MainProcess", kill, 0)]
    assert [len(group.deaths) for group in fold(explain(replay(facts)))] == [FEW + 1]
