"""Breakpoints that are put into running processes: `mpdebug break`, `breaks` and `clear`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug import env
from mpdebug.rundir import layout
from tests.harness import program, until
from tests.stop_client import Client, facts, release

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Command, Finished, Handshake, Started

pytestmark = pytest.mark.one_way

PROGRAM = "comes_to_lines.py"
monitored = pytest.mark.skipif(not env.MONITORING, reason="Python 3.12 and newer")
traced = pytest.mark.skipif(env.MONITORING, reason="Python 3.11")


def line_of(words: str) -> int:
    """The number of the first line of the program that has these words."""
    lines = Path(program(PROGRAM)).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


@dataclass
class Play:
    """The program in a run of its own, and the commands that reach it."""

    mpdebug: Command
    handshake: Callable[[], Handshake]
    folder: Path
    seen: set[Path] = field(default_factory=set)
    started: Started | None = None

    def start(self, method: str, count: int, *options: str, later: bool = False) -> Handshake:
        """Start it; returns when its workers go round, or before they are born."""
        ready, go = self.handshake(), self.handshake()
        more = [go.path] if later else []
        self.started = self.mpdebug.start(
            *("--run-dir", str(self.run), "--keep", *options, program(PROGRAM)),
            *(method, str(count), ready.path, str(self.folder / "enough"), *more),
            stdin=-3,
        )
        ready.wait(1 if later else count)
        return go

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def set(self, words: str, *options: str) -> str:
        """Break at the line with these words; what was printed."""
        place = f"{PROGRAM}:{line_of(words)}"
        return self.mpdebug("break", place, *options, "--run", self.run).ok().out

    def say(self, *words: str) -> str:
        """Another command about this run; what was printed."""
        return self.mpdebug(*words, "--run", self.run).ok().out

    def new(self) -> list[Path]:
        found = self.run.glob(f"p/*/{layout.STOPS}/*.json")
        return sorted(each for each in found if each not in self.seen)

    def stop(self) -> tuple[Path, dict[str, Any]]:
        """Wait for one more stop: its file, and what that says."""
        until(self.new, "a stop")
        stop = self.new()[0]
        self.seen.add(stop)
        return stop, facts(stop)

    def events(self, kind: str) -> list[dict[str, Any]]:
        texts = [path.read_text() for path in self.run.glob(f"p/*/{layout.EVENTS}")]
        said = [json.loads(line) for text in texts for line in text.splitlines()]
        return [each for each in said if each["kind"] == kind]

    def end(self) -> Finished:
        """Tell the workers that it is enough; the program's end."""
        (self.folder / "enough").touch()
        assert self.started is not None
        return self.started.finish().ok()


@pytest.fixture
def play(mpdebug: Command, handshake: Callable[[], Handshake], tmp_path: Path) -> Play:
    """The program, not yet started."""
    return Play(mpdebug, handshake, tmp_path)


def test_only_those_who_are_meant_stop(play: Play, start_method: str) -> None:
    """Pattern, condition and number of hits hold in running processes; clear ends the cost."""
    play.start(start_method, 2)
    said = play.set("b = a + 1", "--process", "Worker-1", "--if", "i > 3", "--hits", "1")
    assert "set in 1 process; " in said
    stop, found = play.stop()
    assert (found["kind"], found["function"]) == ("break", "step")
    assert found["line"] == line_of("b = a + 1")
    assert int(found["locals"]["i"]) > 3
    assert found["header"] == "break 1 if i > 3 (hit 1 of 1)"
    who = json.loads((stop.parent.parent / layout.PROCESS).read_bytes())
    assert who["name"] == "Worker-1"
    release(stop)
    (listed,) = map(json.loads, play.say("breaks", "--json").splitlines())
    assert (listed["id"], listed["stopped"], listed["process"]) == (1, 1, "Worker-1")
    assert "cleared in" in play.say("clear")
    assert "No live breakpoints" in play.say("breaks")
    assert "watched: None statuses: {0}" in play.end().out
    assert play.new() == []


def test_a_child_that_is_born_later_has_it(play: Play, start_method: str) -> None:
    """Set before the workers exist, it stops the first that comes to the line, and no other."""
    go = play.start(start_method, 2, later=True)
    play.set("def step", "--hits", "1")
    go.say()
    stop, found = play.stop()
    assert (found["line"], found["function"]) == (line_of("a = i * 2"), "step")
    release(stop)
    assert "statuses: {0}" in play.end().out
    assert len(play.events(layout.EV_STOPPED)) == 1


@pytest.mark.parametrize("words", ["i += 1", "kept = n"])
def test_what_runs_already_stops_too(play: Play, words: str) -> None:
    """A loop that is under way, and a generator that is suspended, need no new call."""
    play.start("fork", 1)
    play.set(words, "--hits", "1")
    stop, found = play.stop()
    assert found["line"] == line_of(words)
    release(stop)
    play.end()


@monitored
def test_threads_that_run_already_stop(play: Play) -> None:
    """A breakpoint is for all threads of a process, from the next round of their loops."""
    play.start("thread", 2)
    play.set("i += 1", "--hits", "2")
    stops = [play.stop() for _ in range(2)]
    assert len({found["thread"] for _, found in stops}) == 2
    assert not any(found["main_thread"] for _, found in stops)
    for stop, _ in stops:
        release(stop)
    play.end()


def test_hits_are_counted_over_all_processes(play: Play) -> None:
    """Three workers come to the line all the time: five stops are five, not fifteen."""
    play.start("fork", 3, "--script", "c")
    play.set("b = a + 1", "--hits", "5")
    until(lambda: len(play.events(layout.EV_STOPPED)) >= 5, "five stops")
    play.end()
    assert len(play.events(layout.EV_STOPPED)) == 5


def test_a_condition_that_fails_stops_and_says_so(play: Play) -> None:
    """Better a stop too many than a breakpoint that silently never comes."""
    play.start("fork", 1)
    play.set("b = a + 1", "--if", "nothing > 3", "--hits", "1")
    stop, found = play.stop()
    assert "could not be evaluated: NameError: name 'nothing'" in found["header"]
    release(stop)
    play.end()


def test_stepping_on_and_coming_back(play: Play) -> None:
    """The prompt changes a local and steps to the next line; the next round stops again."""
    play.start("fork", 1)
    play.set("b = a + 1")
    stop, _ = play.stop()
    client = Client(stop)
    client.command("!a = 1000")
    assert "return b" in client.command("n")
    assert client.command("p b") == "1001\n"
    client.command("c")
    client.close()
    stop, found = play.stop()
    assert found["line"] == line_of("b = a + 1")
    play.say("clear", "all")
    release(stop)
    play.end()
    assert len(play.events(layout.EV_STOPPED)) == 2


def test_abort_raises_where_it_stopped(play: Play) -> None:
    """The task sees the exception of `abort` as its own, with no frame of ours in it."""
    play.start("fork", 1)
    play.set("b = a + 1", "--hits", "1")
    stop, _ = play.stop()
    release(stop, "abort", **{"with": "ValueError('as asked')"})
    ended = play.end()
    assert "statuses: {1}" in ended.out
    _, _, raised = ended.err.partition("Traceback")
    trace = raised[: raised.index("ValueError: as asked")]
    assert f"line {line_of('b = a + 1')}, in step" in trace
    assert "/agent/" not in trace


TRACES = """
import sys, threading
ready, go = sys.argv[1:]
def trace(frame, event, arg): return trace
sys.settrace(trace)
print("ready", file=open(ready, "w"), flush=True)
open(go).readline()
print("kept:", sys.gettrace() is trace)
"""
TAKES = """
import sys
ready, go = sys.argv[1:]
for tool in (3, 4): sys.monitoring.use_tool_id(tool, "theirs")
print("ready", file=open(ready, "w"), flush=True)
open(go).readline()
print("kept:", sys.monitoring.get_tool(3) == sys.monitoring.get_tool(4) == "theirs")
"""
BLOCKS = """
import signal, sys
ready, go = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
print("ready", file=open(ready, "w"), flush=True)
open(go).readline()
print("kept: True")
"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(TRACES, "a tracer of its own: __main__.trace", marks=traced),
        pytest.param(TAKES, "are taken, by theirs and theirs", marks=monitored),
        (BLOCKS, "it blocks signal"),
    ],
    ids=["tracer", "tools", "blocked"],
)
def test_who_cannot_take_it_is_told_with_the_reason(
    play: Play, text: str, why: str, tmp_path: Path
) -> None:
    """What is the program's is left to it, and the person learns why nothing will stop."""
    script = tmp_path / "script.py"
    script.write_text(text)
    ready, go = play.handshake(), play.handshake()
    play.started = play.mpdebug.start(
        "--run-dir", play.run, "--keep", script, ready.path, go.path
    )
    ready.wait()
    said = play.mpdebug("break", "script.py:6", "--run", play.run).ok().out
    assert "set in 0 processes" in said
    assert "MainProcess (" in said
    assert why in said
    go.say()
    assert "kept: True" in play.end().out


FORKS = """
import os, signal, sys
ready, go = sys.argv[1:]
def child():
    here = 1
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
print("ready", file=open(ready, "w"), flush=True)
open(go).readline()
pid = os.fork()
if not pid:
    child()
    os._exit(0)
print("child:", os.waitpid(pid, 0)[1])
"""


def test_a_forked_child_has_what_its_parent_could_not_take(play: Play, tmp_path: Path) -> None:
    """A parent that lets no signal in does not keep its children from being stopped."""
    script = tmp_path / "script.py"
    script.write_text(FORKS)
    ready, go = play.handshake(), play.handshake()
    play.started = play.mpdebug.start(
        "--run-dir", play.run, "--keep", script, ready.path, go.path
    )
    ready.wait()
    assert "set in 0 processes" in play.say("break", "script.py:5")
    go.say()
    stop, found = play.stop()
    assert found["function"] == "child"
    release(stop)
    assert "child: 0" in play.end().out


def test_without_breakpoints_nothing_is_loaded(mpdebug: Command) -> None:
    """What nobody asked for costs a process one look for a file."""
    names = "'breaks', 'counts', 'monitored', 'traced'"
    code = f"import sys; print([n for n in sys.modules if n.split('.')[-1] in ({names})])"
    assert mpdebug("-c", code).ok().out == "[]\n"


def test_what_is_typed_wrong_is_told(play: Play) -> None:
    """Each mistake ends with status 2 and says what to type; nothing is set."""
    play.start("fork", 1)
    wrong = {
        ("break", "nowhere.py:3"): "there is no file nowhere.py",
        ("break", f"{PROGRAM}:9999"): "has no line 9999",
        ("break", PROGRAM): "is not FILE:LINE",
        ("break", f"{PROGRAM}:12", "--if", "i =="): "is no expression",
        ("clear", "7"): "there are no live breakpoints",
    }
    for words, said in wrong.items():
        ended = play.mpdebug(*words, "--run", play.run)
        assert ended.status == 2, str(ended)
        assert said in ended.err
    assert not (play.run / layout.BREAKS).exists()
    play.end()


@monitored
def test_other_lines_and_functions_cost_nothing() -> None:
    """Each other line of the function is seen once, a function without one never again."""
    from mpdebug.agent import monitored as way  # noqa: PLC0415 - only here

    calls: list[tuple[str, int]] = []

    def other(i: int) -> int:
        return i + 1

    def loop() -> int:
        i = 0
        while i < 100:
            i = other(i)
            i += 0
        return i

    line = loop.__code__.co_firstlineno + 4

    def find(code: Any) -> dict[int, Any] | None:
        calls.append((code.co_name, 0))
        return {line: "here"} if code is loop.__code__ else None

    def hit(frame: Any, found: Any) -> bool:
        calls.append((found, frame.f_lineno))
        return True

    seen = way.on_line

    def on_line(code: Any, at: int) -> Any:
        calls.append(("line", at))
        return seen(code, at)

    try:
        assert way.start(find, hit) == ""
        sys.monitoring.register_callback(  # type: ignore[attr-defined]
            way.tool,
            sys.monitoring.events.LINE,  # type: ignore[attr-defined]
            on_line,
        )
        calls.clear()
        loop()
    finally:
        way.stop()
    assert calls.count(("other", 0)) == 1
    others = [calls.count(("line", at)) for at in range(line - 3, line + 3) if at != line]
    assert max(others) <= 2  # `while` is compiled twice: before the loop, and at its end
    assert calls.count(("line", line)) == 100
