"""Causes that lie in another process than the one that fails, told as histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mpdebug import env
from mpdebug.diagnosis import children, data
from mpdebug.diagnosis.deaths import explain
from mpdebug.diagnosis.relations import Relations
from tests.diagnosed import (
    BOOTSTRAP,
    BUS,
    KILL,
    RUN,
    TERM,
    Case,
    check,
    check_in_all_orders,
    worker,
)
from tests.histories import (
    LIB,
    Fact,
    born,
    frame,
    main,
    raises,
    replay,
    says,
    seen,
    sends,
    started,
)

if TYPE_CHECKING:
    from mpdebug.model_waits import Finding

MANAGERS = frame(f"{LIB}/multiprocessing/managers.py", 818, "_callmethod")
SHARED = frame(f"{LIB}/multiprocessing/shared_memory.py", 105, "__init__")
WORK = frame("app.py", 4, "work", 'd["x"] = 1')
POOL_GET = frame(f"{LIB}/multiprocessing/pool.py", 774, "get")
REMOTE = {
    "type": "multiprocessing.pool.RemoteTraceback",
    "message": f'''
"""
Traceback (most recent call last):
  File "{LIB}/multiprocessing/pool.py", line 125, in worker
  File "/home/me/app.py", line 4, in work
ValueError: lost data
"""''',
    "frames": [],
}


def managed(*facts: Fact) -> list[Fact]:
    """A manager that is killed, and a worker that uses it."""
    return worker(
        born("M", "manager", name="SyncManager-1"),
        started("MainProcess", "M", where="/home/me/app.py:6"),
        sends("MainProcess", "M", KILL, where="/home/me/app.py:8"),
        seen("M", -KILL),
        *facts,
    )


CASES = [
    Case(
        "who uses a manager that was killed is told so",
        worker(
            born("M", "manager", name="SyncManager-1"),
            started("MainProcess", "M", where="/home/me/app.py:6"),
            sends("MainProcess", "M", TERM, "SyncManager.shutdown", "/home/me/app.py:8"),
            seen("M", -TERM),
            raises("W", "ConnectionRefusedError", "[Errno 111]", BOOTSTRAP, WORK, MANAGERS),
            seen("W", 1),
        ),
        "W",
        "exception",
        "ConnectionRefusedError: [Errno 111]",
        says={
            "because": "its manager SyncManager-1 (pid 102), made at app.py:6, was killed by "
            "SIGTERM, sent by MainProcess (pid 100) at app.py:8",
            "cure": "keep the manager alive",
        },
    ),
    Case(
        "a refused connection of the program's own is no manager's",
        worker(
            raises("W", "ConnectionRefusedError", "[Errno 111]", BOOTSTRAP, WORK),
            seen("W", 1),
        ),
        "W",
        "exception",
        "ConnectionRefusedError: [Errno 111]",
        silent=("because",),
    ),
    Case(
        "shared memory that another process unlinked is told with the place",
        worker(
            says("MainProcess", "unlinked", name="/psm_1", where="/home/me/app.py:9"),
            raises("W", "FileNotFoundError", "No such file: '/psm_1'", RUN, WORK, SHARED),
            seen("W", 1),
        ),
        "W",
        "exception",
        "FileNotFoundError: No such file: '/psm_1'",
        says={"because": "MainProcess (pid 100) had unlinked it at app.py:9"},
    ),
    Case(
        "what was raised in a worker is told with the worker's line",
        worker(
            raises("W", "ValueError", "lost data", RUN, WORK, POOL_GET, cause=REMOTE),
            seen("W", 1),
        ),
        "W",
        "exception",
        "ValueError: lost data",
        says={"raised at": "app.py:4 in work, in a worker"},
    ),
    Case(
        "the input of a child is /dev/null",
        worker(raises("W", "EOFError", "EOF when reading a line", RUN, WORK), seen("W", 1)),
        "W",
        "exception",
        "EOFError: EOF when reading a line",
        says={"cure": "ask in the main process"},
    ),
    Case(
        "a lock of another context is told what to do about",
        worker(
            raises(
                "W",
                "RuntimeError",
                "A SemLock created in a fork context is being shared with a process in a spawn",
                RUN,
                WORK,
            ),
            seen("W", 1),
        ),
        "W",
        "exception",
        "RuntimeError: A SemLock created in a fork context is being shared with a process in a "
        "spawn",
        says={"cure": "make both from one context"},
    ),
    Case(
        "a process without descriptors could write no goodbye, and is told by its last event",
        worker(
            says("W", "descriptors", limit=40, kinds={"pipe": 30}, where="/home/me/app.py:5",
                 message="Too many open files", ends=True),
            seen("W", 1),
        ),
        "W",
        "exception",
        "OSError: Too many open files",
        says={"at": "app.py:5", "open": "30 pipe"},
    ),
    Case(
        "a full /dev/shm is told as the reason of a SIGBUS",
        worker(
            says("MainProcess", "remark", "W", what="bus", short=[], size=64_000_000, free=0),
            seen("W", -BUS),
        ),
        "W",
        "signal",
        "killed by SIGBUS (memory that is not there)",
        says={"memory": "/dev/shm is full: 64 MB", "cure": "--shm-size"},
    ),
    Case(
        "a daemon that ends with its parent is told with its work",
        worker(sends("MainProcess", "W", TERM, "exit"), seen("W", -TERM), target="app.watch"),
        "W",
        "terminated",
        "ended with its parent, as daemons are",
        bad=False,
        says={"was running": "app.watch, for 0.0 s"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_cause_in_another_process_is_told(case: Case) -> None:
    """What is known of its cause stands in the death, and nothing where nothing is known."""
    check(case)


@pytest.mark.parametrize("case", CASES[:3], ids=lambda case: case.title)
def test_the_order_of_reading_does_not_matter(case: Case) -> None:
    """The same is told whatever comes first."""
    check_in_all_orders(case)


def found(facts: list[Fact], kind: str) -> list[Finding]:
    """The findings of this kind."""
    return [one for one in data.findings(replay(facts)) if one.kind == kind]


def test_a_manager_that_was_killed_is_a_finding_with_who_failed() -> None:
    """Its end, who sent the signal, and each process that failed of it."""
    facts = managed(
        raises("W", "EOFError", "", BOOTSTRAP, WORK, MANAGERS),
        seen("W", 1),
    )
    [gone] = found(facts, "manager-gone")
    assert "was killed by SIGKILL, sent by MainProcess (pid 100) at app.py:8" in gone.title
    assert gone.evidence == (("failed", "W (pid 101) of EOFError at app.py:4 in work"),)


def zombies(count: int, now: int = 0, reaped: bool = False) -> list[Finding]:
    """Of a main process with so many children that have ended."""
    names = [f"w-{number}" for number in range(count)]
    facts = main()
    for name in names:
        facts += [born(name), started("MainProcess", name), seen(name, 0)]
        if reaped:
            facts.append(says("MainProcess", "reaped", name, status=0))
    run = replay(facts)
    return list(children.zombies(run, Relations(run), now))


def test_zombies_are_told_when_they_are_many_or_old() -> None:
    """Three for a moment are nothing; thirty, or one for minutes, are."""
    assert zombies(3) == zombies(30, reaped=True) == []
    [many] = zombies(30)
    assert "30 children of MainProcess (pid 100)" in many.title
    [old] = zombies(1, now=200_000_000_000)
    assert "zombies" in old.title


def update(where: str, **more: Any) -> dict[str, Any]:
    """The fields of a read and write."""
    return {"what": "Value", "name": ".value", "thing": "arena:7+0", "where": where,
            "function": "work", **more}  # fmt: skip


def test_an_update_is_lost_only_where_two_processes_may_meet() -> None:
    """The parent alone before the child was born, or after its end, does not lose anything."""
    child = [born("W"), started("MainProcess", "W")]
    of_child = says("W", "read write", **update("/home/me/app.py:4"))
    of_main = says("MainProcess", "read write", **update("/home/me/app.py:9"))
    end = seen("W", 0)
    assert found([*main(), of_main, *child, of_child, end], "lost-update") == []
    assert found([*main(), *child, of_child, end, of_main], "lost-update") == []
    [lost] = found([*main(), *child, of_child, of_main, end], "lost-update")
    assert len(lost.processes) == 2


def test_a_daemon_is_suspected_only_when_the_exit_ended_it() -> None:
    """terminate() by the program is meant; the exit function may cut work off."""
    facts = worker(sends("MainProcess", "W", TERM, "exit"), seen("W", -TERM), target="app.work")
    [one] = found(facts, "daemon-terminated")
    assert (one.certainty, "s into app.work" in one.title) == ("suspected", True)
    meant = worker(sends("MainProcess", "W", TERM, "Process.terminate"), seen("W", -TERM))
    assert found(meant, "daemon-terminated") == []
    assert explain(replay(meant))[0].bad is False


def test_a_daemon_that_waited_for_work_was_not_cut_off() -> None:
    """At its end it stood in a wait without a limit: nothing is said. A sleep may be work."""
    reads, sleeps = (
        f"{next(number for number, word in table.items() if word == name)} {'0x3 ' * 8}"
        for table, name in ((env.READS, "read"), (env.SLEEPS, "sleep"))
    )
    for syscall, many in ((reads, 0), (sleeps, 1), ("running", 1), ("", 1)):
        sending = sends("MainProcess", "W", TERM, "exit", syscall=syscall)
        facts = worker(sending, seen("W", -TERM), target="app.work")
        assert len(found(facts, "daemon-terminated")) == many
