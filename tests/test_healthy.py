"""Of programs in which nothing is wrong, `mpdebug why` says nothing.

They are in `tests/programs/healthy`, one idea each. One sort stands, says `ready` and waits for
something from outside: a line in the FIFO of its second argument, SIGTERM or Ctrl-C; it is
asked about while it stands. The other sort ends by itself, and is asked about when it has.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.asked_why import Program, ask_all, end, settle, text_of
from tests.harness import PROGRAMS, START_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.asked_why import Said
    from tests.harness import Command, Lab

FOLDER = PROGRAMS / "healthy"
NEEDS = {"joblib_used": "joblib", "numpy_reseeded": "numpy"}
RIGHT = {
    # Who releases a lock that another has may mean it: nobody but the program knows.
    "lock_handed_over": ("lock-not-owned",),
    # Whether a daemon that sleeps has something in hand, the kernel cannot tell.
    "sleeping_loops": ("daemon-terminated",),
}
"""What is rightly suspected of a program."""
TOLD = ("exit_codes_read", "waits_by_hand")
"""Their children end with a status that is not 0: that is told at once, though it is meant."""
FIRST = (
    "pool_idle",
    "lock_held_for_long",
    "back_pressure",
    "signalled_main",
    "interrupted_main",
    "lock_handed_over",
    "semaphore_as_signal",
)
"""Some of each sort: these are tried on every Python."""
AT_ONCE = 6


def cases() -> list[tuple[Path, str]]:
    """All programs, by one start method after the other."""
    paths = sorted(FOLDER.glob("*.py"))
    paths = [path for path in paths if path.stem not in NEEDS or there(NEEDS[path.stem])]
    several = [path for path in paths if "set_start_method" in path.read_text()]
    found = [(path, START_METHODS[n % 3]) for n, path in enumerate(several)]
    return found + [(path, "fork") for path in paths if path not in several]


def there(module: str) -> bool:
    """Whether a module that nobody here wrote is installed."""
    return importlib.util.find_spec(module) is not None


def batches() -> list[Any]:
    """So many programs at once, as parameters."""
    found = cases()
    rows = [found[n : n + AT_ONCE] for n in range(0, len(found), AT_ONCE)]
    return [pytest.param(row, id=f"{row[0][1]}-{row[0][0].stem}") for row in rows]


def stands(program: Program) -> bool:
    """Whether it waits for something from outside, by its own text."""
    return '"ready", flush' in program.path.read_text()


def let_go(program: Program) -> None:
    """What a program that stands waits for."""
    if program.path.stem.startswith("interrupted"):
        program.started.signal(signal.SIGINT)
        return
    if program.path.stem.startswith("signalled"):
        program.started.signal(signal.SIGTERM)
        return
    fd = os.open(program.fifo, os.O_RDWR)
    try:
        os.write(fd, b"go\n")
        program.started.finish()
    finally:
        os.close(fd)


def faults(program: Program, said: Said) -> Iterator[str]:
    """What was said without reason."""
    right = RIGHT.get(program.path.stem, ())
    for one in said.findings:
        if one["kind"] not in right or one["standing"] or one["certainty"] == "proved":
            yield f"{program.name}: {one['kind']} ({one['certainty']}): {text_of(one)}"
    if said.status not in {0, 4 if right else 0} or said.stderr:
        yield f"{program.name}: why ended with {said.status}: {said.stderr}"


@contextlib.contextmanager
def ended_on_failure(lab: Lab) -> Iterator[None]:
    """Where all goes well the resource tracker ends by itself, and takes away what is left."""
    try:
        yield
    except BaseException:
        end(lab)
        raise


def run(mpdebug: Command, lab: Lab, batch: list[tuple[Path, str]]) -> None:
    """Run the programs at the same time, and fail with all that is said of them."""
    found: list[str] = []
    with ended_on_failure(lab):
        programs = [Program(mpdebug, path, method) for path, method in batch]
        standing = [program for program in programs if stands(program)]
        for program in programs:
            if program in standing:
                program.wait_for("ready")
            else:
                program.started.finish()
        settle(lab)
        for program, said in ask_all(programs):
            found += faults(program, said)
        for program in standing:
            let_go(program)
        for program in programs:
            status = program.started.finish().status
            if status or (program.unasked and program.path.stem not in TOLD):
                found.append(f"{program.name} ended with {status}: {program.said}")
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_nothing_is_said_of_some_of_each_sort(mpdebug: Command, lab: Lab) -> None:
    """Idle workers, a lock held long, a full queue, a wait for a signal, a lock handed over."""
    run(mpdebug, lab, [(FOLDER / f"{name}.py", "fork") for name in FIRST])


@pytest.mark.once
@pytest.mark.timeout(150)
@pytest.mark.parametrize("batch", batches())
def test_nothing_is_said_of_a_healthy_program(
    mpdebug: Command, lab: Lab, batch: list[tuple[Path, str]]
) -> None:
    """Neither while it waits for something from outside, nor when it has ended."""
    run(mpdebug, lab, batch)
