"""CPython's own tests of multiprocessing, plainly and under us: the same ones pass.

They take minutes, so they run when they are asked for: `python -m pytest -m cpython`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.harness import program
from tests.real.needs import need

if TYPE_CHECKING:
    from tests.harness import Command

pytestmark = [pytest.mark.cpython, pytest.mark.timeout(1500)]

LONGEST = 600.0

# With other start methods only what is recorded of locks: the rest would take minutes more.
LOCKS = [
    f"With{kind}Test{what}"
    for kind in ("Processes", "Manager")
    for what in ("Lock", "Semaphore", "Condition", "Event", "Queue")
]
CASES = {
    "fork": ([], 300),
    "spawn": (LOCKS, 40),
    "forkserver": (LOCKS, 40),
}
"""Start method → classes of tests (none: all), and how many tests there are at least."""


def outcomes(command: Command, *arguments: str) -> dict[str, str]:
    """What became of each test, by its id."""
    done = command(program("cpython_tests.py"), *arguments, deadline=LONGEST)
    *lines, end = [line for line in done.out.splitlines() if line.startswith("=")] or [""]
    assert end.startswith("=end "), str(done)[-5000:]
    return {name: outcome for outcome, name in (line.split(" ", 1) for line in lines)}


def side_by_side(
    plain: Command, mpdebug: Command, *arguments: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Both at once: they wait more than they compute, and see the same load."""
    with ThreadPoolExecutor(2) as both:
        expected = both.submit(outcomes, plain, *arguments)
        found = both.submit(outcomes, mpdebug, *arguments)
        return expected.result(), found.result()


@pytest.mark.parametrize("method", list(CASES))
def test_cpythons_tests_pass_as_plainly(plain: Command, mpdebug: Command, method: str) -> None:
    """The outcome of every test is the plain run's; one that differs is tried twice more."""
    need("test._test_multiprocessing")
    classes, least = CASES[method]
    expected, found = side_by_side(plain, mpdebug, method, *classes)
    assert len(expected) > least
    assert set(found) == set(expected)
    for _ in range(2):  # some of them depend on time, and machines are loaded
        different = [name for name in expected if found[name] != expected[name]]
        if different:
            again = side_by_side(plain, mpdebug, method, *different)
            expected |= again[0]
            found |= again[1]
    assert found == expected
