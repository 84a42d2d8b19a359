"""Workers that die with a task in hand, and what that does to who waits for it."""

from __future__ import annotations

import pytest

from tests.diagnosed import (
    KILL,
    RETURNED,
    SEGV,
    WAITS,
    Case,
    check,
    check_in_all_orders,
    executor,
    pool,
)
from tests.histories import born, goodbye, main, says, seen, submits, works

CASES = [
    Case(
        "a Pool worker takes its task along, and map never returns",
        pool(works("W", "work", "3"), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"was running": "work(3), submitted by Pool.map at app.py:9", "so": WAITS},
    ),
    Case(
        "the place of a task is that of the last row of jobs before it",
        pool(
            submits("MainProcess", "pool", 5, "Pool.apply_async", "/home/me/app.py:20"),
            works("W", "work", "7", job=7),
            seen("W", -KILL),
        ),
        "W",
        "signal",
        "killed by SIGKILL",
        says={
            "was running": "at app.py:20",
            "so": "the result of Pool.apply_async at app.py:20 never comes",
        },
    ),
    Case(
        "an iterator of imap waits at its item",
        pool(
            submits("MainProcess", "pool", 5, "Pool.imap", "/home/me/app.py:20"),
            works("W", "work", "7", job=5),
            seen("W", -KILL),
        ),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"so": "the iterator of Pool.imap at app.py:20 waits for ever"},
    ),
    Case(
        "a worker that dies as it sends its result may stop all others",
        pool(works("W", "work", "3", phase=2), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"was sending": "the result of work(3)", "so": "all other workers"},
    ),
    Case(
        "a Pool worker without a task costs no result",
        pool(works("W", "work", "3", phase=0), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"so": "it had no task"},
        silent=("was running",),
    ),
    Case(
        "an executor breaks when a worker dies",
        executor(works("W", "work", "3", owner="executor"), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={
            "was running": "ProcessPoolExecutor.submit at x.py:3",
            "so": "raises BrokenProcessPool",
        },
    ),
    Case(
        "loky names the error that loky raises",
        [
            *main(),
            born("LokyProcess-1", "worker", "loky"),
            says("MainProcess", "owned", "LokyProcess-1", owner="executor:0"),
            seen("LokyProcess-1", -SEGV),
        ],
        "LokyProcess-1",
        "signal",
        "killed by SIGSEGV (invalid memory access)",
        says={"so": "TerminatedWorkerError"},
    ),
    Case(
        "nobody waits for a task when the parent was gone before",
        pool(works("W", "work", "3"), RETURNED, seen("MainProcess", 0), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"was running": "work(3)"},
        silent=("so",),
    ),
    Case(
        "sys.exit in a task ends the worker of a Pool",
        pool(
            works("W", "work", "3"),
            goodbye("W", "exit", status=1, message="bad input", where="/home/me/app.py:5"),
            seen("W", 1),
        ),
        "W",
        "exit",
        "ended by sys.exit('bad input')",
        says={"at": "app.py:5", "how": "catches only Exception", "so": WAITS},
    ),
    Case(
        "even sys.exit(0) costs a Pool the task",
        pool(
            works("W", "work", "3"),
            goodbye("W", "exit", status=0, where="/home/me/app.py:5"),
            seen("W", 0),
        ),
        "W",
        "exit",
        "ended by sys.exit(0)",
        says={"so": WAITS},
    ),
    Case(
        "os._exit(0) breaks an executor",
        executor(
            works("W", "work", "3", owner="executor"),
            goodbye("W", "os._exit", status=0),
            seen("W", 0),
        ),
        "W",
        "os._exit",
        "ended by os._exit(0)",
        says={"so": "BrokenProcessPool"},
    ),
    Case(
        "exit() of C code in a task is seen by the task that it left behind",
        pool(works("W", "work", "3"), seen("W", 0)),
        "W",
        "exit",
        "ended with status 0",
        says={"how": "C code", "so": WAITS},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_lost_task_is_told_with_its_consequence(case: Case) -> None:
    """The task, where it was submitted, and who waits for it in vain."""
    check(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_order_of_reading_tasks_changes_nothing(case: Case) -> None:
    """The files of many processes are read in any order: the same is said of all orders."""
    check_in_all_orders(case)
