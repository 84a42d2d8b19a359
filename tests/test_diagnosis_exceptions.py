"""Uncaught exceptions, in the target and on the way to it, with the cure where we know one."""

from __future__ import annotations

import pytest

from tests.diagnosed import (
    BOOTSTRAP,
    KILL,
    POOL,
    PREPARE,
    RUN,
    SPAWN,
    UNGUARDED,
    Case,
    check,
    check_in_all_orders,
    pool,
    worker,
)
from tests.histories import LIB, born, frame, main, raises, seen

INHERITED = "Lock objects should only be shared between processes through inheritance"

CASES = [
    Case(
        "an uncaught exception is told with its line",
        worker(
            raises(
                "W",
                "ValueError",
                "lost data",
                BOOTSTRAP,
                RUN,
                frame("app.py", 4, "work", "raise ValueError"),
            ),
            seen("W", 1),
        ),
        "W",
        "exception",
        "ValueError: lost data",
        says={"at": "app.py:4 in work: raise ValueError"},
    ),
    Case(
        "the line is the program's own where a library raised",
        worker(
            raises(
                "W",
                "JSONDecodeError",
                "Expecting value",
                RUN,
                frame("app.py", 4, "work"),
                frame(f"{LIB}/json/decoder.py", 355, "raw_decode"),
            ),
            seen("W", 1),
        ),
        "W",
        "exception",
        "JSONDecodeError: Expecting value",
        says={"at": "app.py:4 in work"},
    ),
    Case(
        "the main process's own exception is one death",
        [
            *main(),
            raises("MainProcess", "ValueError", "no", frame("app.py", 2, "<module>")),
            seen("MainProcess", 1),
        ],
        "MainProcess",
        "exception",
        "ValueError: no",
        says={"at": "app.py:2"},
    ),
    Case(
        "an initializer that raises ends every worker of the Pool",
        pool(
            raises(
                "W",
                "RuntimeError",
                "no database",
                BOOTSTRAP,
                RUN,
                POOL,
                frame("app.py", 4, "init"),
            ),
            seen("W", 1),
        ),
        "W",
        "exception",
        "RuntimeError: no database",
        says={"when": "initializer", "so": "no task is ever run"},
    ),
    Case(
        "a function that a forked worker does not know loses the task",
        pool(
            raises(
                "W",
                "AttributeError",
                "Can't get attribute 'work' on <module '__main__' from 'app.py'>",
                BOOTSTRAP,
                RUN,
                POOL,
                frame(f"{LIB}/multiprocessing/queues.py", 387, "get"),
            ),
            seen("W", 1),
        ),
        "W",
        "exception",
        "AttributeError: Can't get attribute 'work' on <module '__main__' from 'app.py'>",
        says={
            "when": "unpickled a task",
            "so": "lost task",
            "cure": "define work before the Pool is made",
        },
    ),
    Case(
        "a manager that is killed takes its proxies along",
        [*main(), born("SyncManager-1", "manager"), seen("SyncManager-1", -KILL)],
        "SyncManager-1",
        "signal",
        "killed by SIGKILL",
        says={"so": "proxy"},
    ),
    Case(
        "a name under the guard is missing in a spawned child",
        worker(
            raises(
                "W",
                "NameError",
                "name 'FACTOR' is not defined",
                BOOTSTRAP,
                RUN,
                frame("app.py", 4, "work"),
            ),
            seen("W", 1),
            method="spawn",
        ),
        "W",
        "exception",
        "NameError: name 'FACTOR' is not defined",
        says={"cure": "if FACTOR is set under"},
    ),
    Case(
        "a plain NameError needs no cure of ours",
        worker(
            raises(
                "W", "NameError", "name 'x' is not defined", RUN, frame("app.py", 4, "work")
            ),
            seen("W", 1),
        ),
        "W",
        "exception",
        "NameError: name 'x' is not defined",
        silent=("cure",),
    ),
    Case(
        "a lambda cannot go to another process",
        [
            *main(),
            raises(
                "MainProcess",
                "_pickle.PicklingError",
                "Can't pickle <function <lambda> at 0x7f>: …",
                frame("app.py", 5, "<module>"),
                frame(f"{LIB}/multiprocessing/reduction.py", 60, "dump"),
            ),
            seen("MainProcess", 1),
        ],
        "MainProcess",
        "exception",
        "_pickle.PicklingError: Can't pickle <function <lambda> at 0x7f>: …",
        says={"cure": "top of a module"},
    ),
    Case(
        "a pickle of the program's own is the program's business",
        [
            *main(),
            raises(
                "MainProcess",
                "TypeError",
                "cannot pickle '_io.TextIOWrapper' object",
                frame("app.py", 5, "save"),
            ),
            seen("MainProcess", 1),
        ],
        "MainProcess",
        "exception",
        "TypeError: cannot pickle '_io.TextIOWrapper' object",
        silent=("cure",),
    ),
    Case(
        "a lock in a task's arguments is handed over another way",
        [
            *main(),
            raises(
                "MainProcess",
                "RuntimeError",
                INHERITED,
            ),
            seen("MainProcess", 1),
        ],
        "MainProcess",
        "exception",
        f"RuntimeError: {INHERITED}",
        says={"cure": "initializer="},
    ),
    Case(
        "daemons have no children",
        worker(
            raises(
                "W", "AssertionError", "daemonic processes are not allowed to have children"
            ),
            seen("W", 1),
        ),
        "W",
        "exception",
        "AssertionError: daemonic processes are not allowed to have children",
        says={"cure": "ProcessPoolExecutor"},
    ),
    Case(
        "an unguarded main module is told with its line and its cure",
        worker(
            raises(
                "W",
                "RuntimeError",
                UNGUARDED,
                SPAWN,
                PREPARE,
                frame("app.py", 6, "<module>", "p.start()"),
                frame(f"{LIB}/multiprocessing/popen_spawn_posix.py", 42, "_launch"),
                frame(f"{LIB}/multiprocessing/spawn.py", 140, "_check_not_importing_main"),
            ),
            seen("W", 1),
            method="spawn",
            named=False,
        ),
        "W",
        "startup",
        'RuntimeError: no if __name__ == "__main__": guard',
        says={
            "at": "app.py:6: p.start()",
            "how": "a spawned child runs app.py again",
            "cure": "under if __name__",
        },
    ),
    Case(
        "an import that fails only in the child",
        worker(
            raises(
                "W",
                "ModuleNotFoundError",
                "No module named 'db'",
                SPAWN,
                PREPARE,
                frame("app.py", 1, "<module>"),
            ),
            seen("W", 1),
            method="forkserver",
            named=False,
        ),
        "W",
        "startup",
        "ModuleNotFoundError: No module named 'db'",
        says={"at": "app.py:1", "cure": "a forkserver's child imports app.py again"},
    ),
    Case(
        "a program from standard input cannot be read again",
        worker(
            raises(
                "W", "FileNotFoundError", "No such file: '/home/me/<stdin>'", SPAWN, PREPARE
            ),
            seen("W", 1),
            method="spawn",
            named=False,
        ),
        "W",
        "startup",
        "FileNotFoundError: No such file: '/home/me/<stdin>'",
        says={"cure": "put the program into a file: a spawned child reads it again"},
    ),
    Case(
        "a main module that raises when it is imported again",
        worker(
            raises(
                "W", "OSError", "port in use", SPAWN, PREPARE, frame("app.py", 3, "<module>")
            ),
            seen("W", 1),
            method="spawn",
            named=False,
        ),
        "W",
        "startup",
        "OSError: port in use",
        says={"cure": "only once under"},
    ),
    Case(
        "a target that is not there in a spawned child",
        worker(
            raises("W", "AttributeError", "module '__main__' has no attribute 'work'", SPAWN),
            seen("W", 1),
            method="spawn",
            named=False,
        ),
        "W",
        "startup",
        "AttributeError: module '__main__' has no attribute 'work'",
        says={"cure": "define work at the top of app.py"},
    ),
    Case(
        "a lock that was dropped before its child started",
        worker(
            raises(
                "W",
                "FileNotFoundError",
                "[Errno 2] No such file or directory",
                SPAWN,
                frame(f"{LIB}/multiprocessing/synchronize.py", 115, "__setstate__"),
            ),
            seen("W", 1),
            method="spawn",
            named=False,
        ),
        "W",
        "startup",
        "FileNotFoundError: [Errno 2] No such file or directory",
        says={"cure": "keep a name for it"},
    ),
    Case(
        "a half-started child says nothing new when its parent could not pickle",
        worker(
            raises("W", "EOFError", "Ran out of input", SPAWN),
            seen("W", 1),
            raises("MainProcess", "_pickle.PicklingError", "Can't pickle x"),
            seen("MainProcess", 1),
            method="spawn",
            named=False,
        ),
        "W",
        "startup",
        "EOFError: Ran out of input",
        bad=False,
    ),
    Case(
        "a spawned child that has reached its target fails in its target",
        worker(
            raises("W", "OSError", "full", SPAWN, BOOTSTRAP, RUN, frame("app.py", 3, "work")),
            seen("W", 1),
            method="spawn",
        ),
        "W",
        "exception",
        "OSError: full",
        silent=("when",),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_an_exception_is_explained(case: Case) -> None:
    """The exception, its line in the program, and the cure of what several processes bring."""
    check(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_order_of_reading_exceptions_changes_nothing(case: Case) -> None:
    """The files of many processes are read in any order: the same is said of all orders."""
    check_in_all_orders(case)
