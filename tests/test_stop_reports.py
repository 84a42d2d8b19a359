"""A stop that nobody comes to is written down: what a person would have looked at."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import program
from tests.stop_client import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Command, Lab

pytestmark = pytest.mark.once

WORKER = program("stops_in_worker.py")

TWO = """
import multiprocessing, mpdebug
def f(n):
    mpdebug.breakpoint()
    mpdebug.breakpoint()
    return n
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(f, range(2), chunksize=1))
"""


@pytest.fixture
def stage(lab: Lab) -> Stage:
    """Programs with the agent in them; the test stands in for the supervisor."""
    return Stage(lab)


def records(run: Path) -> list[dict[str, Any]]:
    """All log records of a run."""
    return [
        json.loads(line)
        for path in run.glob("p/*/records.jsonl")
        for line in path.read_bytes().splitlines()
    ]


def test_nobody_is_there_so_it_is_written_down(stage: Stage) -> None:
    """Without a terminal the stop is a log record: source, locals, stacks; and it goes on."""
    stage.settings = {"waits": False}
    running = stage.start(WORKER, "fork", "mpdebug", "2")
    assert running.finish().ok().out == "[3, 5]\n"
    found = records(stage.run)
    assert len(found) == 2
    for record in found:
        assert record["level"] == "WARNING"
        assert record["event"].startswith("stopped at stops_in_worker.py:")
        assert "look here" in record["stack"]
        assert "config = {'batch': " in record["stack"]
        assert "->" in record["stack"]
        assert "meanwhile in MainProcess" in record["stack"]
    assert {event["reported"] for event in stage.events("stopped")} == {True}


def test_a_script_is_run_at_each_stop(stage: Stage) -> None:
    """`--script` needs nobody: its commands are run, what they print is a record."""
    stage.settings = {"waits": False, "script": "p double + 70;;w;;c"}
    assert stage.start(WORKER, "fork", "builtin").finish().ok().out == "[3]\n"
    [record] = records(stage.run)
    assert record["event"].startswith("stopped at stops_in_worker.py:")
    assert "\n70\n" in "\n" + record["stack"]
    assert "step()" in record["stack"]


def test_a_stop_ends_when_nobody_came_in_time(stage: Stage) -> None:
    """`--wait SECONDS`: it stands so long, then it is written down and the task goes on."""
    stage.settings = {"wait": "0.2"}
    assert stage.start(WORKER, "fork", "builtin").finish().ok().out == "[3]\n"
    assert [event["how"] for event in stage.events("released")] == ["timeout"]
    [record] = records(stage.run)
    assert record["event"].endswith(" in step and went on: nobody came within 0.2 s")
    assert "config = {'batch': " in record["stack"]
    assert "meanwhile in MainProcess" in record["stack"]


@pytest.mark.leaves("run")
def test_a_plain_script_says_once_where_its_reports_are(
    lab: Lab, plain: Command, mpdebug: Command
) -> None:
    """`python script.py` with no terminal goes on; each process says so, and what to type."""
    script = lab.folder / "script.py"
    script.write_text(TWO)
    done = plain(str(script), stdin=subprocess.DEVNULL).ok()
    assert done.out == "[0, 1]\n"
    said = [line for line in done.err.splitlines() if "went on: nobody is there" in line]
    assert len(said) == len({line.split(" stopped ")[0] for line in said}) <= 2
    assert said
    words = done.err.splitlines()[1].split(" -m mpdebug ")[1].split()
    assert mpdebug(*words).ok().out.count("stopped at script.py:") == 4


def test_what_differs_is_not_folded(mpdebug: Command) -> None:
    """Two workers stop at one line at the same moment: the locals of both are shown."""
    done = mpdebug("--script", "p number + 70;;c", WORKER, "fork", "builtin", "2").ok()
    assert ("\n    70\n" in done.err, "\n    71\n" in done.err) == (True, True), done.err
