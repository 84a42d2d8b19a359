"""What the ledger says in the terminal at the end of a run; --strict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mpdebug.diagnosis.ledger import findings
from tests.harness import program

if TYPE_CHECKING:
    from tests.harness import Command

pytestmark = pytest.mark.one_way

SWALLOWS = """
import multiprocessing, sys
def work(number):
    raise ValueError(f"cannot do {number}")
if __name__ == "__main__":
    pool = multiprocessing.get_context(sys.argv[1]).Pool(2)
    for number in range(4):
        pool.apply_async(work, (number,))
    pool.close()
    pool.join()
    print("all done")
"""


@pytest.mark.parametrize(
    ("start_method", "strict"),
    [("fork", False), ("fork", True), ("spawn", True), ("forkserver", False)],
)
def test_failures_that_nobody_looked_at_are_told(
    mpdebug: Command, start_method: str, strict: bool
) -> None:
    """What failed, where it was submitted, what to do; the run is kept; status 1 if asked."""
    script = mpdebug.lab.folder / "app.py"
    script.write_text(SWALLOWS)
    options = ["--strict"] if strict else []
    done = mpdebug(*options, "app.py", start_method)
    assert (done.out, done.status) == ("all done\n", 1 if strict else 0)
    words = " ".join(done.err.split())
    assert "mpdebug: 4 tasks failed and nobody looked: ValueError: cannot do" in words
    assert "submitted by Pool.apply_async at app.py:8" in words
    assert "cure keep what it returns and call get() on each" in words
    assert ("fails the run (--strict)" in words) == strict
    (one,) = findings(done.run)
    assert one.kind == "apply-async-swallowed"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("loses_tasks.py", ("pool", "fork")),
        ("loses_tasks.py", ("executor", "fork")),
        ("puts_in_queues.py", ("fork", "healthy")),
    ],
)
def test_a_program_in_order_hears_nothing(
    mpdebug: Command, name: str, words: tuple[str, ...]
) -> None:
    """Failures that are looked at, Pools in `with`, drained queues: no word, no run kept."""
    done = mpdebug("--strict", program(name), *words).ok()
    assert "mpdebug:" not in done.err


@pytest.mark.parametrize(
    ("name", "words", "kind", "said"),
    [
        ("loses_tasks.py", ("dies", "fork"), "pool-result-thread-died", "cannot be unpickled"),
        ("loses_tasks.py", ("breaks", "fork"), "executor-broken", "cannot be unpickled"),
        ("loses_tasks.py", ("encodes", "fork"), "pool-exception-unpicklable", "with a lock"),
        ("loses_tasks.py", ("open", "fork"), "pool-never-closed", "was never closed"),
        ("loses_tasks.py", ("leaves", "fork"), "pool-not-joined", "ended while a task of its"),
        ("puts_in_queues.py", ("fork", "exits"), "queue-items-unsent", "not sent"),
        ("puts_in_queues.py", ("fork", "drops"), "queue-item-dropped", "which dropped it"),
        ("puts_in_queues.py", ("fork", "alone"), "queue-item-dropped", "which dropped it"),
    ],
)
def test_each_loss_is_told(
    mpdebug: Command, name: str, words: tuple[str, ...], kind: str, said: str
) -> None:
    """One line for each, and the run is kept."""
    done = mpdebug(program(name), *words).ok()
    assert said in " ".join(done.err.split())
    assert [one.kind for one in findings(done.run)] == [kind]


def test_an_initializer_that_gets_through_at_last(mpdebug: Command) -> None:
    """Its failures are deaths; that no task is ever run would be false."""
    done = mpdebug("--keep", program("initializer_retries.py")).ok()
    assert done.out == "[0, 2, 4]\n"
    assert "pool-initializer-fails" not in {one.kind for one in findings(done.run)}


def test_an_exit_code_that_nobody_read(mpdebug: Command) -> None:
    """The death was told; that nobody looked is told where it fails the run."""
    script, words = program("starts_and_looks.py"), ("fork", "ignores")
    done = mpdebug(script, *words).ok()
    assert "never looked at" not in done.err
    strict = mpdebug("--strict", script, *words)
    assert strict.status == 1
    assert "and MainProcess never looked at its exit code" in " ".join(strict.err.split())
