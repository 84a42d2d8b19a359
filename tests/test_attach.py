"""`mpdebug attach`: which process is meant, and what comes from a pipe."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpdebug.rundir import layout
from tests.attached import Together
from tests.harness import until

if TYPE_CHECKING:
    from tests.harness import Command, Lab

pytestmark = pytest.mark.once


@pytest.fixture
def together(lab: Lab) -> Together:
    """Workers that stop together."""
    return Together(lab)


def test_commands_from_a_pipe_are_answered_and_the_stop_stays(
    together: Together, mpdebug: Command
) -> None:
    """Stdout holds the answers alone; the end of the input releases nobody; `c` does."""
    [stop] = together.begin(count=1)
    asked = together.ask(mpdebug, "p x\nfor q in range(2):\n  print(q)\n\n", "Worker-1").ok()
    assert asked.out == "3\n0\n1\n"
    assert "stopped at" in asked.err
    assert "in step" in asked.err
    until(lambda: not json.loads(stop.read_bytes())["client"], "the prompt to be left")
    assert together.ask(mpdebug, "c\n").ok().err.endswith("Worker-1 goes on\n")
    assert together.finish() == "[0]\n"


def test_a_sleeping_process_is_interrupted_and_sleeps_on(
    together: Together, mpdebug: Command
) -> None:
    """By its pid; it goes on when the prompt is left, and no request stays."""
    together.begin("sleep", 1)
    pid = together.pid("twin")
    until(lambda: "sleep" in wchan(pid), "its sleep")
    asked = together.ask(mpdebug, "p x\n", str(pid)).ok()
    assert asked.out == "3\n"
    assert "was interrupted" in asked.err
    until(lambda: not together.standing(), "the process to go on")
    assert not list(together.run.glob(f"p/*/{layout.ASK}"))
    os.kill(pid, 9)
    assert together.finish() == "[-9]\n"


def wchan(pid: int) -> str:
    """Where the kernel says that it sleeps."""
    return Path(f"/proc/{pid}/wchan").read_text("ascii")


def test_one_that_does_not_answer_is_told_with_its_stack(
    together: Together, plain: Command
) -> None:
    """It runs in C: status 1, what it is doing, what to type; the request stays with it."""
    together.begin("busy", 1)
    quick = "from mpdebug.cli import main, reach; reach.WITHIN = 0.3; main.console()"
    asked = plain("-c", quick, "attach", "Worker-1", "--run", str(together.run))
    assert (asked.status, asked.out) == (1, "")
    assert "did not stop within 0.3 s" in asked.err
    assert "in step" in asked.err
    pid = together.pid("Worker-1")
    assert f"mpdebug attach {pid}" in asked.err
    assert len(list(together.run.glob(f"p/{pid}-*/{layout.ASK}"))) == 1
    os.kill(pid, 9)
    together.finish()


def test_several_of_one_name_are_told_by_their_pids(
    together: Together, mpdebug: Command
) -> None:
    """Status 2, no process is touched; the same for a name that nobody has."""
    together.begin("sleep", 2)
    asked = together.ask(mpdebug, "", "twin")
    assert asked.status == 2
    pids = {int(path.name.split("-")[0]) for path in together.run.glob("p/*")}
    assert sum(str(pid) in asked.err for pid in pids) == 2
    nobody = together.ask(mpdebug, "", "Worker-7")
    assert (nobody.status, "no living process is called Worker-7" in nobody.err) == (2, True)
    none = together.ask(mpdebug, "")
    assert (none.status, "is stopped" in none.err, "attach PROCESS" in none.err) == (
        2,
        True,
        True,
    )
    for pid in sorted(pids)[1:]:
        os.kill(pid, 9)
    together.finish()
