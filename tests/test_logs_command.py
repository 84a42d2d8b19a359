"""`mpdebug logs`: the records of a run, from another terminal or afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from mpdebug.cli import logs
from mpdebug.rundir import readers
from tests.harness import program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness import Command, Handshake, Lab

pytestmark = pytest.mark.once

PROGRAM = "logs_from_workers.py"
EVENTS = ["start", "task 1", "task 3", "three", "task 1", "task 3", "three", "end"]
LINE = re.compile(
    r"^\d\d:\d\d:\d\d\.\d{3}  (\S+) +([A-Z]+) +app\.jobs +(\S+(?: \d)?)", re.MULTILINE
)


@pytest.fixture
def kept(mpdebug: Command) -> Command:
    """A finished run that was kept."""
    mpdebug("--keep", "--logs", "off", program(PROGRAM)).ok()
    return mpdebug


def test_a_finished_run_is_shown_in_order(kept: Command) -> None:
    """One line for each record of each process, to stdout, and nothing else."""
    done = kept("logs", "--no-fold").ok()
    found = LINE.findall(done.out)
    assert [event for _, _, event in found] == EVENTS
    assert [name for name, *_ in found][:3] == ["MainProcess", "Alpha-1", "Alpha-3"]
    assert "\n" + " " * 14 + "is a crowd\n" in done.out
    assert done.err == ""
    assert "\x1b" not in done.out


def test_json_lines_have_their_fields_in_order(kept: Command) -> None:
    """`time` first, `pid` and `process` last, and every line is one object."""
    said = [json.loads(line) for line in kept("logs", "--json").ok().out.splitlines()]
    assert [one["event"].split("\n")[0] for one in said] == EVENTS
    assert [one["mono"] for one in said] == sorted(one["mono"] for one in said)
    assert list(said[1]) == [
        *("time", "mono", "n", "level", "logger", "event", "file", "line", "function"),
        *("keys", "pid", "process"),
    ]
    assert said[1]["keys"] == {"number": 1}


@pytest.mark.once
@pytest.mark.parametrize("json_lines", [("--no-fold",), ("--json",)])
def test_processes_and_levels_are_chosen(kept: Command, json_lines: tuple[str]) -> None:
    """By name, by pattern, by pid; and from a level on."""

    def chosen(*words: str) -> int:
        out = kept("logs", *json_lines, *words).ok().out
        return sum(not line.startswith(" ") for line in out.splitlines())

    (pid,) = {
        json.loads(line)["pid"]
        for line in kept("logs", "--json", "--process", "Beta-3").out.splitlines()
    }
    assert chosen("--process", "Alpha-*") == 3
    assert chosen("--process", "Alpha-1", "--process", "MainProcess") == 3
    assert chosen("--process", str(pid)) == 2
    wrong = kept("logs", *json_lines, "--process", "Alpha-*", "--process", "Gamma")
    assert (wrong.status, wrong.out) == (2, "")
    assert "is called Gamma" in wrong.err
    assert chosen("--level", "warning") == 2
    assert chosen("--process", "Beta*", "--level", "30") == 1
    assert chosen("--since", "1h") == 8
    assert chosen("--since", "2100-01-01") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--level", "loud"], "'loud' is no level; type debug, info"),
        (["--since", "yesterday"], "'yesterday' is no time; type 30s, 5m"),
        (["nosuch"], "there is no run 'nosuch'"),
        (["--jsno"], "Did you mean --json?"),
    ],
)
def test_a_mistake_is_told_with_its_cure(kept: Command, words: list[str], told: str) -> None:
    """One clear text on stderr, nothing on stdout, status 2."""
    done = kept("logs", *words)
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_closed_pipe_ends_it_quietly(kept: Command, lab: Lab) -> None:
    """`mpdebug logs | head -1` says one line and no word of a broken pipe."""
    args = " ".join(kept.start("logs", "--help").args[:-2])
    done = lab.start(["bash", "-c", f"{args} logs --json | head -1"]).finish()
    assert done.status == 0
    assert len(done.out.splitlines()) == 1
    assert done.err == ""


def test_following_shows_a_living_run_and_ends_with_it(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """What was logged before, what comes while we look, and then status 0."""
    ready, go = handshake(), handshake()
    running = mpdebug.start("--logs", "off", program(PROGRAM), ready.path, go.path)
    ready.wait()
    following = mpdebug.start("logs", "--no-fold", "-f", str(running.pid))
    following.wait_for("is a crowd", "stdout", times=2)
    go.say()
    assert [event for *_, event in LINE.findall(following.finish().ok().out)] == EVENTS
    running.finish().ok()


def test_ctrl_c_ends_the_following(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """With the status of SIGINT, no traceback, and the run goes on."""
    ready, go = handshake(), handshake()
    running = mpdebug.start("--logs", "off", program(PROGRAM), ready.path, go.path)
    ready.wait()
    following = mpdebug.start("logs", "--follow", "--no-fold")
    following.wait_for("is a crowd", "stdout", times=2)
    following.signal(signal.SIGINT)
    done = following.finish()
    assert done.status in {-signal.SIGINT, 128 + signal.SIGINT}
    assert done.err == ""
    assert running.popen.poll() is None
    go.say()
    running.finish().ok()


def test_without_f_a_living_run_is_shown_as_far_as_it_is(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """Everything that was logged by now, and then it ends."""
    ready, go = handshake(), handshake()
    running = mpdebug.start("--logs", "off", program(PROGRAM), ready.path, go.path)
    ready.wait()
    found = LINE.findall(mpdebug("logs", "--no-fold").ok().out)
    assert [event for *_, event in found] == EVENTS[:-1]
    go.say()
    running.finish().ok()


def test_times_are_read_as_people_write_them() -> None:
    """So long ago, a time of today, a date."""
    now = time.time()
    assert logs.since("30s") == pytest.approx(now - 30, abs=5)
    assert logs.since("1.5h") == pytest.approx(now - 5400, abs=5)
    assert time.localtime(logs.since("12:30"))[2:5] == (*time.localtime(now)[2:3], 12, 30)
    assert time.localtime(logs.since("2025-11-22T12:30"))[:5] == (2025, 11, 22, 12, 30)


def test_a_run_is_removed_after_its_reader_is_done(tmp_path: Path) -> None:
    """Who reads keeps the folder; the remover waits for that, and not for ever."""
    run = tmp_path / "run"
    run.mkdir()
    with readers.reading(str(run)):
        remover = threading.Thread(target=readers.remove, args=(str(run), 60.0))
        remover.start()
        while not is_waited_for(run):
            pass
        assert run.is_dir()
    remover.join()
    assert not run.exists()
    run.mkdir()
    with readers.reading(str(run)):
        readers.remove(str(run), 0.0)
        assert not run.exists()


def is_waited_for(run: Path) -> bool:
    """Whether two have the folder open: the reader, and who wants to remove it."""
    there = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    return there.count(str(run)) == 2
