"""Ends that are no death, or that the program meant."""

from __future__ import annotations

import pytest

from tests.diagnosed import (
    INT,
    KILL,
    RETURNED,
    TERM,
    WAITS,
    Case,
    check,
    check_in_all_orders,
    pool,
    worker,
)
from tests.histories import (
    born,
    frame,
    goodbye,
    lives,
    main,
    raises,
    reaps,
    seen,
    sends,
    spawned,
    started,
    works,
)

CASES = [
    Case(
        "a worker that returns is nothing to tell",
        worker(goodbye("W", "returned"), seen("W", 0)),
    ),
    Case(
        "a main process that ends with a status speaks for itself",
        [*main(), RETURNED, seen("MainProcess", 3)],
    ),
    Case("a status of 0 without a last word is a quiet end", worker(seen("W", 0))),
    Case(
        "sys.exit of the main process is no death",
        [*main(), goodbye("MainProcess", "exit", status=2), seen("MainProcess", 2)],
    ),
    Case(
        "a subprocess that fails tells its status to who started it",
        [
            *main(),
            born("tool.py", "subprocess", "exec"),
            goodbye("tool.py", "returned"),
            seen("tool.py", 3),
        ],
    ),
    Case(
        "a forked child that ends with os._exit(0) is nothing to tell",
        [
            *main(),
            born("fork-101", "fork"),
            goodbye("fork-101", "os._exit", status=0),
            seen("fork-101", 0),
        ],
    ),
    Case(
        "the forkserver may vanish unseen", [*main(), born("forkserver", "forkserver", "exec")]
    ),
    Case(
        "a process that became another program has not died",
        [*main(), goodbye("MainProcess", "exec", message="ls"), seen("MainProcess", 1)],
    ),
    Case("who lives is not dead", worker(lives("MainProcess"), lives("W"))),
    Case(
        "a program that is not Python may be killed by SIGPIPE",
        [*main(), spawned("MainProcess", "yes", "yes"), reaps("MainProcess", "yes", -13)],
        "yes",
        "signal",
        "killed by SIGPIPE (it wrote to a pipe that nobody reads)",
        bad=False,
    ),
    Case(
        "terminate() by the parent is meant",
        worker(
            sends("MainProcess", "W", TERM, "Process.terminate", "/home/me/app.py:12"),
            seen("W", -TERM),
        ),
        "W",
        "terminated",
        "ended by its parent with SIGTERM",
        bad=False,
        says={
            "sent by": "MainProcess (pid 100), its parent, by Process.terminate at app.py:12"
        },
    ),
    Case(
        "kill() by the parent is meant",
        worker(sends("MainProcess", "W", KILL, "Process.kill"), seen("W", -KILL)),
        "W",
        "terminated",
        "ended by its parent with SIGKILL",
        bad=False,
    ),
    Case(
        "terminate() is meant, also where a handler of the child ends it with a status",
        worker(
            sends("MainProcess", "W", TERM, "Process.terminate"),
            goodbye("W", "os._exit", status=15),
            seen("W", 15),
        ),
        "W",
        "terminated",
        "ended by its parent with SIGTERM, through os._exit(15)",
        bad=False,
    ),
    Case(
        "a status without a last word is meant too, after a signal that asks for the end",
        worker(sends("MainProcess", "W", TERM, "Process.terminate"), seen("W", 15)),
        "W",
        "terminated",
        "ended by its parent with SIGTERM, and status 15",
        bad=False,
    ),
    Case(
        "sys.exit in the handler of a signal from the parent is meant",
        worker(
            sends("MainProcess", "W", TERM, "os.kill"),
            goodbye("W", "exit", status=3),
            seen("W", 3),
        ),
        "W",
        "terminated",
        "ended by its parent with SIGTERM, through sys.exit(3)",
        bad=False,
    ),
    Case(
        "a status is told, if the signal came only after it",
        worker(
            goodbye("W", "exit", status=3, where="/home/me/app.py:7"),
            sends("MainProcess", "W", TERM, "Process.terminate"),
            seen("W", 3),
        ),
        "W",
        "exit",
        "ended by sys.exit(3)",
    ),
    Case(
        "a Pool ends its workers with SIGTERM, and their tasks with them",
        pool(
            works("W", "work", "3"),
            sends("MainProcess", "W", TERM, "Pool.terminate"),
            seen("W", -TERM),
        ),
        "W",
        "terminated",
        "ended with its Pool",
        bad=False,
        says={"was running": "work(3)"},
        silent=("so",),
    ),
    Case(
        "a daemon is ended as its parent exits",
        worker(sends("MainProcess", "W", TERM, "exit"), seen("W", -TERM)),
        "W",
        "terminated",
        "ended with its parent, as daemons are",
        bad=False,
    ),
    Case(
        "a parent may end its workers politely by os.kill, as servers do",
        worker(sends("MainProcess", "W", TERM, "os.kill"), seen("W", -TERM)),
        "W",
        "terminated",
        "ended by its parent with SIGTERM",
        bad=False,
    ),
    Case(
        "Popen.kill of a subprocess is meant",
        [
            *main(),
            spawned("MainProcess", "sleep", "sleep", "9"),
            sends("MainProcess", "sleep", KILL, "Popen.kill"),
            reaps("MainProcess", "sleep", -KILL),
        ],
        "sleep",
        "terminated",
        "ended by its parent with SIGKILL",
        bad=False,
    ),
    Case(
        "a library that kills the workers it started means it",
        worker(
            sends("MainProcess", "W", KILL, "os.kill", "/v/site-packages/loky.py:1"),
            seen("W", -KILL),
        ),
        "W",
        "terminated",
        "ended by its parent with SIGKILL",
        bad=False,
    ),
    Case(
        "the main process may end an orphan below it, whose parent nobody knows",
        [
            *main(),
            born("tool.py", "subprocess", "exec", by=""),
            sends("MainProcess", "tool.py", TERM, "os.kill"),
            seen("tool.py", -TERM),
        ],
        "tool.py",
        "terminated",
        "ended by MainProcess (pid 100) with SIGTERM",
        bad=False,
    ),
    Case(
        "a grandparent may end its grandchildren",
        [
            *main(),
            born("P"),
            started("MainProcess", "P"),
            born("C", by="P"),
            started("P", "C"),
            sends("MainProcess", "C", TERM),
            seen("C", -TERM),
            goodbye("P", "returned"),
            seen("P", 0),
        ],
        "C",
        "terminated",
        "ended by MainProcess (pid 100) with SIGTERM",
        bad=False,
    ),
    Case(
        "Ctrl-C at a worker is meant",
        worker(raises("W", "KeyboardInterrupt", "", frame("app.py", 4, "work")), seen("W", 1)),
        "W",
        "terminated",
        "ended by KeyboardInterrupt",
        bad=False,
        says={"at": "app.py:4 in work"},
    ),
    Case(
        "Ctrl-C that costs a Pool a task is told if the main process goes on without it",
        pool(
            works("W", "work", "3"),
            raises("W", "KeyboardInterrupt", "", frame("app.py", 4, "work")),
            seen("W", 1),
            RETURNED,
            seen("MainProcess", 0),
        ),
        "W",
        "terminated",
        "ended by KeyboardInterrupt",
        says={"so": WAITS},
    ),
    Case(
        "Ctrl-C that reaches the main process as well costs nobody anything",
        pool(
            works("W", "work", "3"),
            raises("W", "KeyboardInterrupt", "", frame("app.py", 4, "work")),
            seen("W", 1),
            seen("MainProcess", -INT),
        ),
        "W",
        "terminated",
        "ended by KeyboardInterrupt",
        bad=False,
        silent=("so",),
    ),
    Case(
        "a second Ctrl-C while the first was noted is still Ctrl-C",
        worker(goodbye("W", "status", status=1), seen("W", 1), seen("MainProcess", -INT)),
        "MainProcess",
        "terminated",
        "ended by SIGINT",
        bad=False,
    ),
    Case(
        "nor is a third one, which ends what the second one did",
        worker(goodbye("W", "status", status=None), seen("W", 1), seen("MainProcess", -INT)),
        "MainProcess",
        "terminated",
        "ended by SIGINT",
        bad=False,
    ),
    Case(
        "a second Ctrl-C before the first could be noted: another one tells, main tidies up",
        worker(
            born("V", "worker", "fork"),
            raises("V", "KeyboardInterrupt", "", frame("app.py", 4, "work")),
            seen("W", 1),
        ),
        "V",
        "terminated",
        "ended by KeyboardInterrupt",
        bad=False,
    ),
    Case(
        "a SIGTERM to the whole program ends workers together with the main process",
        worker(seen("W", -TERM), seen("MainProcess", -TERM)),
        "W",
        "terminated",
        "ended by SIGTERM together with the main process",
        bad=False,
    ),
    Case(
        "closing the terminal is no crash",
        [*main(), seen("MainProcess", -1)],
        "MainProcess",
        "terminated",
        "ended by SIGHUP",
        bad=False,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_quiet_or_meant_end_is_not_bad(case: Case) -> None:
    """A normal end says nothing, and what the program meant is not called bad."""
    check(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_order_of_reading_quiet_ends_changes_nothing(case: Case) -> None:
    """The files of many processes are read in any order: the same is said of all orders."""
    check_in_all_orders(case)
