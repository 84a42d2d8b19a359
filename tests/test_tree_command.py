"""`mpdebug tree` and `mpdebug.tree()`: of real runs, of other processes, and live."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

import mpdebug as public
from mpdebug import errors
from mpdebug.cli import tree
from mpdebug.cli.look import Look
from mpdebug.rundir import layout
from tests.harness import DEADLINE, program, until
from tests.histories import Writer, born, main, record, seen, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.harness import Command, Handshake, Lab, Started

pytestmark = pytest.mark.once


def ask(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """What `mpdebug tree …` writes, in this process."""
    parser = argparse.ArgumentParser()
    tree.add_arguments(parser)
    assert tree.main(parser.parse_args(words)) == 0
    return capfd.readouterr().out


class Standing:
    """The program `stands_in_states.py`, from when it is ready."""

    def __init__(self, mpdebug: Command, handshake: Callable[[], Handshake]) -> None:
        self.mpdebug = mpdebug
        self.ready, self.go = handshake(), handshake()
        self.run = str(mpdebug.lab.folder / "run")

    def begin(self, method: str = "fork", *words: str) -> Started:
        """Start it under us."""
        words = (program("stands_in_states.py"), method, self.ready.path, self.go.path, *words)
        self.program = self.mpdebug.start("--run-dir", self.run, *words)
        self.ready.wait()
        return self.program

    def end(self) -> str:
        """Let it end; what it printed."""
        self.go.say()
        return self.program.finish().ok().out


@pytest.fixture
def standing(mpdebug: Command, handshake: Callable[[], Handshake]) -> Standing:
    """The program under test."""
    return Standing(mpdebug, handshake)


@pytest.mark.once
def test_idle_and_stuck_workers_are_told_apart(
    standing: Standing,
    start_method: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under each start method; with tasks, last records, and the ended ones as one row."""
    standing.begin(start_method)

    def objects() -> list[dict[str, Any]]:
        return [json.loads(line) for line in ask(capfd, standing.run, "--json").splitlines()]

    def states(role: str) -> list[str]:
        return sorted(one["state"]["text"] for one in objects() if one["role"] == role)

    idle, stuck = "idle: waits for work", "reads a named pipe"
    until(lambda: states("pool worker") == [idle, stuck], "the pool's workers wait")
    until(lambda: states("executor worker") == [idle], "the executor's worker waits")
    until(lambda: "sleeps" in states("worker"), "the sleeper sleeps")
    found = {one["process"]: one for one in objects()}
    worker = next(one for one in found.values() if one["task"])
    assert worker["state"]["text"] == stuck
    assert worker["task"]["call"] == "stick"
    assert worker["record"]["event"] == "begins to wait for godot"
    assert worker["parent"] == found["MainProcess"]["pid"]
    assert worker["rss"] > 0
    assert worker["descriptors"] > 3
    assert worker["cpu"] is not None
    assert found["sleeper"]["state"]["text"] == "sleeps"
    monkeypatch.setenv("COLUMNS", "200")
    text = ask(capfd, standing.run, "--memory", "pss", "--sort", "memory")
    assert "×5 exited 0" in text
    assert "stick('godot'" in text
    assert " pss" in text.splitlines()[1]
    standing.end()
    text = ask(capfd, standing.run)
    assert "0 of " in text.splitlines()[0]
    assert "sleeper" in text


def test_a_program_can_ask_for_its_own_tree(standing: Standing) -> None:
    """`mpdebug.tree()` inside a run is that run; a process in no run is told with its own."""
    standing.begin("fork", "tree")
    said = standing.end()
    assert "sleeper" in said
    assert "ForkPoolWorker-1" in said
    with subprocess.Popen(["sleep", "600"]) as child:
        text = public.tree(os.getpid(), width=200)
        child.kill()
    assert f" {os.getpid()} " in text
    assert f" {child.pid} " in text
    with pytest.raises(ValueError, match="no such order"):
        public.tree(sort="beauty")


def test_a_process_under_no_run_is_shown_by_what_the_system_tells(
    plain: Command, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its children, a halted one and a zombie too; not a kept run in which its pid was had."""
    started = plain.start(program("waits_in_calls.py"))
    monkeypatch.setenv("XDG_STATE_HOME", str(plain.lab.folder / "kept"))
    kept = plain.lab.folder / "kept" / "mpdebug"
    kept.mkdir(0o700, parents=True)
    old = Writer(kept / "old", [born("P", "main", pid=started.pid)], id="old").write()
    pids: dict[str, int] = json.loads(started.wait_for("}", "stdout"))

    def found() -> dict[int, str]:
        said = ask(capfd, str(started.pid), "--json").splitlines()
        return {one["pid"]: one["state"]["text"] for one in map(json.loads, said)}

    for kind, text in (
        ("sleep", "sleeps"),
        ("halted", "halted (SIGSTOP)"),
        ("zombie", "zombie"),
    ):
        until(lambda k=kind, t=text: found().get(pids[k]) == t, f"{kind}: {text}")  # type: ignore[misc]
    assert set(pids.values()) < set(found())
    started.finish().ok()
    assert " vanished " in ask(capfd, str(started.pid)), (
        "nobody has its pid now: that run is meant"
    )
    shutil.rmtree(old.path)
    with pytest.raises(errors.NoSuchRunError, match=f"no run has a process {started.pid}"):
        ask(capfd, str(started.pid))


def test_a_pid_of_a_run_in_a_folder_of_its_own_is_of_that_run(
    standing: Standing, capfd: pytest.CaptureFixture[str]
) -> None:
    """--run-dir puts it beside all other runs: the process itself knows where."""
    standing.begin()
    rows = [json.loads(line) for line in ask(capfd, standing.run, "--json").splitlines()]
    for pid in (one["pid"] for one in rows if one["observed"] and one["alive"]):
        assert ask(capfd, str(pid)).startswith("run "), pid
    standing.end()


def test_a_child_outlives_who_started_it_outside_of_a_run() -> None:
    """It is still told as alive when the process that was asked for is gone."""
    words = ["sh", "-c", "sleep 600 & echo $!; read line"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdout
        below = int(shell.stdout.readline())
        look = Look(str(shell.pid))
        look.look()
        shell.kill()
        shell.wait()
        look.look()
        found = {row.process.pid: row.process.alive for row in look.tree(unfolded=True).rows}
        os.kill(below, signal.SIGKILL)
    assert found == {shell.pid: False, below: True}


def test_the_watch_of_a_pipe_is_text_and_ends_with_the_run(
    standing: Standing, mpdebug: Command
) -> None:
    """A picture each interval, the last one of the ended run, and nothing for a terminal."""
    standing.begin()
    watch = mpdebug.start("tree", standing.run, "--watch", "--interval", "0.1")
    watch.wait_for("MainProcess", "stdout", times=2)
    standing.end()
    out = watch.finish().ok().out
    assert "\x1b" not in out
    last = out[out.rindex("process ") :]
    assert "sleeps" not in last
    assert "sleeper" in last


@pytest.fixture
def terminal(lab: Lab) -> Iterator[Callable[..., pexpect.spawn[str]]]:
    """Start `mpdebug …` in a terminal of its own."""
    opened: list[pexpect.spawn[str]] = []

    def start(*words: str, **env: str) -> pexpect.spawn[str]:
        opened.append(
            pexpect.spawn(
                sys.executable,
                ["-m", "mpdebug", *words],
                env=lab.environment({"TERM": "xterm-256color", **env}),
                dimensions=(40, 120),
                encoding="utf-8",
                timeout=DEADLINE,
            )
        )
        opened[-1].delaybeforesend = None
        return opened[-1]

    yield start
    for each in opened:
        each.close(force=True)


def test_the_live_tree_at_a_terminal(
    standing: Standing, terminal: Callable[..., pexpect.spawn[str]]
) -> None:
    """Choose, open, sort, unfold, resize, suspend, leave: the terminal is put back."""
    standing.begin()
    live = terminal("tree", standing.run, "--watch", "--interval", "0.2")
    live.expect_exact("\x1b[?1049h")
    live.expect_exact("sleeper")
    live.expect_exact("by age")
    live.send("s")
    live.expect_exact("by cpu")
    live.send("\x1b[B\r")  # the first row, opened
    live.expect_exact("command")
    live.expect_exact("stack ")
    live.expect_exact("MainProcess")
    live.expect_exact("q back")
    live.send("q")
    live.expect_exact("by cpu")
    live.send("f\x1b[F")  # one by one; the last row is one that has ended
    live.expect_exact("exited 0")
    live.send("k")
    live.expect_exact("has ended already")
    live.send("sss\x1b[H\x1b[B")
    live.expect_exact("by pid")
    live.setwinsize(20, 60)
    live.expect_exact("\x1b[2J")
    live.expect_exact("? more · by pid")
    live.send("?")
    live.expect_exact("kill it with SIGKILL")
    live.send("?")
    live.expect_exact("sleeper")
    live.send("\x1a")  # Ctrl-Z; there is no shell that could continue it: it goes on at once
    live.expect_exact("\x1b[?1049l")
    live.expect_exact("\x1b[?1049h")
    live.send("q")
    live.expect_exact("\x1b[?1049l")
    live.expect(pexpect.EOF)
    live.wait()
    assert live.exitstatus == 0
    standing.end()


def test_the_last_column_is_drawn_and_the_choice_without_colour(lab: Lab) -> None:
    """A full line stays whole: it has no rest to be emptied. NO_COLOR leaves reverse alone."""
    draws = (
        "from mpdebug.cli.full_screen import FullScreen\n"
        "from rich.text import Text\n"
        "with FullScreen() as screen:"
        " screen.draw([Text('x' * 80), Text('y' * 79, 'red reverse')])\n"
    )
    seen = pexpect.spawn(
        sys.executable,
        ["-c", draws],
        env=lab.environment({"TERM": "xterm-256color", "NO_COLOR": "1"}),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=DEADLINE,
    )
    seen.expect(pexpect.EOF)
    drawn = str(seen.before)
    assert "x" * 80 + "\x1b[0m\x1b[2;1H\x1b[7myyy" in drawn
    assert "yyy\x1b[0m\x1b[0m\x1b[K" in drawn


def test_the_live_tree_kills_only_after_a_question(
    standing: Standing, terminal: Callable[..., pexpect.spawn[str]]
) -> None:
    """`n` does nothing, `y` kills that process; a signal that ends us puts all back."""
    standing.begin()
    look = Look(standing.run)

    def sleepers() -> list[tuple[int, int]]:
        return [(one.pid, one.start) for one in look.look().processes if one.name == "sleeper"]

    until(sleepers, "it is named")
    [(pid, start)] = sleepers()
    live = terminal("tree", standing.run, "--watch", "--interval", "0.2", "--sort", "pid")
    live.expect_exact("sleeper")
    modes = termios.tcgetattr(live.fileno())[3]
    assert not modes & termios.ICANON
    for answer, said in (("n", "by pid"), ("y", "was sent SIGKILL")):
        live.send("\x1b[F\x1b[A")  # the last that is not folded
        live.send("k")
        live.expect_exact(f"Kill sleeper (pid {pid})")
        live.send(answer)
        live.expect_exact(said)
    until(lambda: not layout.is_alive(pid, start), "it is gone")
    live.kill(signal.SIGTERM)
    live.expect_exact("\x1b[?1049l")
    live.expect(pexpect.EOF)
    standing.end()


def test_the_live_tree_breaks_into_a_process_and_comes_back(
    standing: Standing, terminal: Callable[..., pexpect.spawn[str]]
) -> None:
    """`b` gives the terminal to `mpdebug attach`; when that leaves, the tree is there again."""
    standing.begin()
    live = terminal("tree", standing.run, "--watch", "--interval", "0.2", "--sort", "pid")
    live.expect_exact("sleeper")
    live.send("b")
    live.expect_exact("Choose a living process")
    live.send("\x1b[F\x1b[Ab")
    live.expect_exact("\x1b[?1049l")
    live.expect_exact("(mpdb sleeper")
    live.send("p 6 * 7\r")
    live.expect_exact("42")
    live.expect_exact("(mpdb sleeper")
    live.send("\x04")
    live.expect_exact("\x1b[?1049h")
    live.expect_exact("sleeper")
    live.send("q")
    live.expect(pexpect.EOF)
    standing.end()


def test_a_dumb_terminal_gets_text(
    standing: Standing, terminal: Callable[..., pexpect.spawn[str]]
) -> None:
    """Pictures below each other, without one control sequence."""
    standing.begin()
    live = terminal("tree", standing.run, "--watch", "--interval", "0.1", TERM="dumb")
    live.expect_exact("sleeper")
    live.expect_exact("MainProcess")
    assert "\x1b" not in live.before
    standing.end()
    live.expect(pexpect.EOF)


def test_a_run_that_is_half_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Torn and empty files are passed over; what is whole is shown."""
    facts = [*main(), record("MainProcess", "hello"), started("MainProcess", "W"), born("W")]
    facts += [seen("W", -9), born("torn", by="W")]
    writer = Writer(tmp_path / "run", facts).write()
    for name in (layout.PROCESS, layout.STATE, layout.EVENTS):
        (writer.folder("torn") / name).write_bytes(b'{"pid": 1, "na')
    with contextlib.suppress(FileNotFoundError):
        (writer.folder("W") / layout.RECORDS).write_bytes(b'{"time":1.0,"ev')
    text = ask(capfd, str(writer.path))
    assert "killed by SIGKILL" in text
    assert "hello" in text
    assert "torn" not in text
