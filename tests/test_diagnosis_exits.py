"""Processes that end themselves, vanish, or are left behind."""

from __future__ import annotations

import pytest

from tests.diagnosed import RETURNED, Case, check, check_in_all_orders, worker
from tests.histories import born, goodbye, lives, main, reaps, seen

CASES = [
    Case(
        "os._exit is told with its status and its place",
        worker(goodbye("W", "os._exit", status=3, where="/home/me/app.py:5"), seen("W", 3)),
        "W",
        "os._exit",
        "ended by os._exit(3)",
        says={"at": "app.py:5", "so": "no flush"},
    ),
    Case(
        "sys.exit with a text is told with its text",
        worker(
            goodbye("W", "exit", status=1, message="no\ninput", where="/home/me/app.py:5"),
            seen("W", 1),
        ),
        "W",
        "exit",
        "ended by sys.exit('no')",
        says={"at": "app.py:5"},
    ),
    Case(
        "sys.exit with anything else is told with what it was given",
        worker(goodbye("W", "exit", status=1, message="(1, 2)", passed="(1, 2)"), seen("W", 1)),
        "W",
        "exit",
        "ended by sys.exit((1, 2))",
    ),
    Case(
        "a target that is os._exit itself has no place in the program",
        worker(
            goodbye("W", "os._exit", status=3, where="<string>:1"), seen("W", 3), method="spawn"
        ),
        "W",
        "os._exit",
        "ended by os._exit(3)",
        bad=True,
        silent=("at",),
    ),
    Case(
        "a status that nobody explained was os._exit or C",
        worker(seen("W", 3)),
        "W",
        "exit",
        "ended with status 3",
        says={"how": "os._exit"},
    ),
    Case(
        "255 from a forkserver may be made up",
        worker(reaps("MainProcess", "W", 255), method="forkserver"),
        "W",
        "exit",
        "ended with status 255",
        says={"how": "forkserver is gone"},
    ),
    Case(
        "a target that returned and a status that is not 0",
        worker(goodbye("W", "returned"), seen("W", 120)),
        "W",
        "exit",
        "ended with status 120 although its target returned",
        says={"how": "flush"},
    ),
    Case(
        "who leaves neither a word nor a status has vanished",
        worker(),
        "W",
        "vanished",
        "vanished",
        says={"how": "no last word"},
    ),
    Case(
        "who runs on after the main process is an orphan",
        worker(lives("W"), RETURNED, seen("MainProcess", 0)),
        "W",
        "orphan",
        "still runs after the end of the main process",
        says={"cure": "kill 101"},
    ),
    Case(
        "the resource tracker ends by itself",
        [
            *main(),
            born("resource tracker", "resource tracker", "exec"),
            lives("resource tracker"),
            seen("MainProcess", 0),
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_an_end_of_its_own_is_explained(case: Case) -> None:
    """Statuses that look the same are told apart by the last word of the process."""
    check(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_order_of_reading_exits_changes_nothing(case: Case) -> None:
    """The files of many processes are read in any order: the same is said of all orders."""
    check_in_all_orders(case)
