"""The prompt in a stopped process: the real one, in a terminal of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from mpdebug.model import Stop
from mpdebug.observer import prompts
from mpdebug.rundir import layout
from tests.attached import Prompt, Together
from tests.harness import program, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Command, Lab

# pexpect forks, and pytest's own watchdog is a thread.
pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),
]


@pytest.fixture
def together(lab: Lab) -> Together:
    """Workers that stop together."""
    return Together(lab)


@pytest.fixture
def attach(lab: Lab, together: Together) -> Iterator[Callable[..., Prompt]]:
    """Open a prompt in a terminal of its own."""
    opened: list[Prompt] = []

    def start(*words: str, **env: str) -> Prompt:
        opened.append(Prompt(lab, *words, "--run", str(together.run), **env))
        return opened[-1]

    yield start
    for prompt in opened:
        prompt.close(force=True)
    for stop in together.standing():  # of a test that failed
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(stop.parent.parent.name.split("-")[0]), signal.SIGKILL)


def state_of(pid: int) -> str:
    """The state letter of a process: T is halted."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


# --- asking all


def test_all_stopped_processes_are_asked_at_once(together: Together, mpdebug: Command) -> None:
    """Equal answers are one, the odd worker is found, equal stacks are one; then all go on."""
    together.begin(count=4)
    asked = "all x\nodd x\ndiff x, box.width\nwhere all\nall nothing\nworkers\nc all\n"
    said = together.ask(mpdebug, asked, "Worker-1").ok()
    assert "3 × 7 · 3 Worker-4\n" in said.out
    assert "Worker-4    3\nthe others  3 × 7\n" in said.out  # odd
    assert "4 × Worker-1..4\n" in said.out
    assert said.out.count("in step\n    breakpoint()") == 1
    assert "4 × *** NameError: name 'nothing' is not defined\n" in said.out
    assert "MainProcess" in said.out
    assert said.out.count("stopped at") == 4
    out = said.out.splitlines()
    table = [line.split() for line in out if line.startswith("box.width")]
    assert table == [["box.width", "3", "3"]]
    assert "Worker-2..4 go on" in said.err
    assert together.finish() == "[0, 0, 0, 0]\n"


def test_one_goes_from_stop_to_stop(together: Together, mpdebug: Command) -> None:
    """By name and number, `next-stop`, `c others`; `c` goes on to who waits longest."""
    together.begin(count=3)
    asked = "worker Worker-2\nworker 3\np x\nworker 9\nc others\nnext-stop\nc\n"
    said = together.ask(mpdebug, asked, "Worker-1").ok()
    assert said.out == "3\n"
    told = [line for line in said.err.splitlines() if not line.startswith((">", "-"))]
    pids = [f"(pid {together.pid(f'Worker-{n}')})" for n in (1, 2, 3)]
    assert [line.split(" stopped")[0] for line in told[:3]] == [
        f"Worker-{n} {pids[n - 1]}" for n in (1, 2, 3)
    ]
    assert told[3:] == [
        "*** 9 is no living process",
        "Worker-1..2 go on" if "Worker-1..2 go on" in told else "Worker-1, Worker-2 go on",
        "no other stop waits",
        "Worker-3 goes on",
    ]
    assert together.finish() == "[0, 0, 0]\n"


def test_the_last_word_is_heard_by_whoever_speaks_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Ctrl-C that meets a process which just went on: it went on, it was not lost."""
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a path of a socket is at most 108 bytes
        listener.bind("0.s")
        listener.listen()
        client = prompts.Client(str(tmp_path / "0.s"), "console")
        process, _ = listener.accept()
        process.sendall(b'{"resumed":"detach"}\n')
        process.close()
        client.send({"interrupt": True})
        assert client.receive() == [{"resumed": "detach"}]
        assert client.closed
        client.close()


def test_a_process_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:
    """Asked with others, it is told apart when the time is over; one that is gone at once."""
    (tmp_path / "stops").mkdir()
    path = str(tmp_path / "stops" / "0.s")
    listening = socket.socket(socket.AF_UNIX)
    folder = os.open(tmp_path / "stops", os.O_RDONLY)
    listening.bind(f"/proc/self/fd/{folder}/0.s")
    os.close(folder)
    listening.listen(4)
    silent = Stop("1-1-0", 1, 0, "breakpoint", "/a.py", 1, "f", path)
    gone = Stop("1-1-0", 1, 1, "breakpoint", "/a.py", 1, "f", f"{path}.gone")
    steps = Stop("1-1-0", 1, 2, "breakpoint", "/a.py", 1, "f", path, moving=True)
    said = prompts.ask_all([silent, gone, steps], {"eval": "x"}, 0.1)
    listening.close()
    assert [one["error"] for one in said] == [
        "no answer within 0.1 s", "it has gone on", "it steps",
    ]  # fmt: skip


# --- in a terminal


def test_a_prompt_says_where_it_is_and_completes(
    together: Together, attach: Callable[..., Prompt]
) -> None:
    """Name and number of the stopped; attributes, keys, commands of pdb and ours by Tab."""
    together.begin(count=2)
    prompt = attach("Worker-2")
    prompt.expect_exact("Worker-2 (pid ")
    prompt.expect_exact("-> breakpoint()")
    prompt.expect_exact("(mpdb Worker-2 2/3)")
    prompt.send("p box.wi\t\r")
    prompt.expect_exact("p box.width")
    prompt.says("3")
    prompt.at("Worker-2")
    prompt.send('p config["ra\t\r')
    prompt.says("0.5")
    prompt.at("Worker-2")
    prompt.send("odd box.wi\t\r")
    prompt.expect_exact("all 2 say 3")
    prompt.at("Worker-2")
    prompt.send("where\t al\t\r")
    prompt.expect_exact("2 × Worker-1, Worker-2")
    prompt.at("Worker-2")
    prompt.send("worker Worker-\t1\r")
    prompt.expect_exact("worker Worker-1")
    prompt.expect_exact("Worker-1 (pid ")
    prompt.at("Worker-1")
    prompt.type("c all")
    assert prompt.ends() == 0
    together.finish()


def test_a_statement_of_many_lines_is_one(
    together: Together, attach: Callable[..., Prompt]
) -> None:
    """A block goes on until an empty line, a bracket until it is closed; indented for one."""
    together.begin(count=1)
    prompt = attach()
    prompt.at("Worker-1")
    prompt.type("for q in range(2):")
    prompt.expect_exact("...")
    prompt.type("print('q', q)")
    prompt.type("")
    prompt.says("q 0")
    prompt.at("Worker-1")
    prompt.type("print('sum', 1 +")
    prompt.type("2)")
    prompt.says("sum 3")
    prompt.at("Worker-1")
    prompt.send("\x04")
    prompt.expect_exact("Worker-1 goes on")
    assert prompt.ends() == 0
    assert together.finish() == "[0]\n"


def test_ctrl_c_ends_what_the_process_evaluates(
    together: Together, attach: Callable[..., Prompt]
) -> None:
    """Not the process, not the prompt, and what was typed meanwhile is dropped."""
    together.begin(count=1)
    prompt = attach()
    prompt.at("Worker-1")
    prompt.type("print('begins', flush=True); [1 for _ in iter(int, 1)]")
    prompt.says("begins")
    prompt.type("abort")
    prompt.send("\x03")
    prompt.expect_exact("KeyboardInterrupt")
    prompt.at("Worker-1")
    prompt.send("raise SystemExit\x03")
    prompt.at("Worker-1")
    prompt.type("p x + 1")
    prompt.says("4")
    prompt.at("Worker-1")
    prompt.type("interact")
    prompt.expect_exact(">>>")
    prompt.type("x + 2")
    prompt.says("5")
    prompt.send("\x04")
    prompt.at("Worker-1")
    prompt.send("\x04")
    assert prompt.ends() == 0
    assert together.finish() == "[0]\n"


def test_kill_asks_first_and_the_next_stop_comes(
    together: Together, attach: Callable[..., Prompt]
) -> None:
    """Killed only after a yes; a process that dies at its prompt leaves the prompt alive."""
    together.begin(count=2)
    prompt = attach("Worker-1")
    prompt.at("Worker-1")
    prompt.type("kill")
    prompt.expect_exact("[y/N]")
    prompt.type("n")
    prompt.expect_exact("not killed")
    prompt.at("Worker-1")
    prompt.type("kill")
    prompt.expect_exact("[y/N]")
    prompt.type("y")
    prompt.expect_exact("Worker-1 has ended")
    prompt.at("Worker-2")
    os.kill(together.pid("Worker-2"), signal.SIGKILL)
    prompt.expect_exact("Worker-2 has ended")
    assert prompt.ends() == 0
    assert together.finish() == "[-9, -9]\n"


def test_a_process_that_does_not_listen_to_ctrl_c_is_left_alone(
    together: Together, attach: Callable[..., Prompt]
) -> None:
    """It runs in C: the third Ctrl-C leaves it to its work, and the prompt ends."""
    together.begin(count=1)
    prompt = attach()
    prompt.at("Worker-1")
    prompt.type("print('begins', flush=True); sum(iter(int, 1))")
    prompt.says("begins")
    prompt.send("\x03\x03")  # two that may be read at once
    prompt.send("\x03")
    prompt.expect_exact("Worker-1 does not answer and is left to its work")
    assert prompt.ends() == 0
    os.kill(together.pid("Worker-1"), signal.SIGKILL)
    assert together.finish() == "[-9]\n"


@pytest.mark.parametrize("way", ["release", "SIGTERM", "SIGKILL"])
def test_who_was_halted_goes_on_whatever_ends_the_prompt(
    together: Together, attach: Callable[..., Prompt], way: str
) -> None:
    """`hold` halts those that are not stopped, and says so in the run folder first."""
    together.begin(count=1)
    main = together.workers.pid
    prompt = attach()
    prompt.at("Worker-1")
    prompt.type("hold")
    prompt.expect_exact("halted: MainProcess")
    until(lambda: state_of(main) == "T", "the main process to be halted")
    assert json.loads((together.run / layout.HELD).read_text())["pids"] == [main]
    prompt.at("Worker-1")
    if way == "release":
        prompt.type("release")
        prompt.expect_exact("go on: MainProcess")
        prompt.at("Worker-1")
        prompt.type("c")
    else:
        prompt.kill(signal.Signals[way])
    prompt.expect(pexpect.EOF)
    until(lambda: state_of(main) != "T", "the main process to go on")
    until(lambda: not (together.run / layout.HELD).exists(), "the note of it to go")
    if way != "release":
        assert len(together.standing()) == 1
        os.kill(together.pid("Worker-1"), signal.SIGKILL)
    together.finish()


def test_logs_go_on_above_the_prompt(
    together: Together, attach: Callable[..., Prompt], mpdebug: Command
) -> None:
    """What another worker logs, and that a stop was left, is seen; what is typed stays."""
    together.begin(count=2)
    prompt = attach("Worker-1")
    prompt.at("Worker-1")
    prompt.send("p x +")
    prompt.expect_exact("p x +")
    together.ask(mpdebug, "c\n", "Worker-2").ok()
    prompt.expect_exact("went on 2 9")
    prompt.expect_exact("p x +")
    prompt.type(" 1")
    prompt.says("8")
    prompt.at("Worker-1")
    prompt.type("c")
    assert prompt.ends() == 0
    together.finish()


def test_further_stops_are_announced_and_wait_their_turn(
    together: Together, attach: Callable[..., Prompt]
) -> None:
    """Another process stops meanwhile: it is told and counted, and entered after `c`."""
    together.begin(count=1)
    prompt = attach("Worker-1")
    prompt.expect_exact("(mpdb Worker-1 1/2)")
    prompt.type("print('no newline', end='')")
    prompt.says("no newline")
    other = together.start(program("asked_together.py"), "stop", "2")
    prompt.expect_exact("Worker-2 stopped at")
    prompt.expect("mpdb Worker-1 3/5")
    prompt.type("worker Worker-2")
    prompt.at("Worker-2")
    prompt.type("c all")
    prompt.expect_exact("Worker-2 goes on")
    assert prompt.ends() == 0
    assert other.finish().out == "[0, 0]\n"
    together.finish()


def test_one_prompt_in_a_stop_and_a_history_over_all(
    lab: Lab, together: Together, attach: Callable[..., Prompt], mpdebug: Command
) -> None:
    """A second prompt is refused, with who is in it; what was typed is there the next time."""
    together.begin(count=1)
    first = attach()
    first.at("Worker-1")
    first.type("p 40 + 2")
    first.says("42")
    refused = together.ask(mpdebug, "p x\n", "Worker-1")
    assert (refused.status, f"pid {first.pid}" in refused.err) == (2, True)
    first.close(force=True)
    history = lab.state_home / "mpdebug" / ".history"
    assert history.stat().st_mode & 0o777 == 0o600
    second = attach(NO_COLOR="")
    second.expect_exact("breakpoint")
    second.send("\x1b[A\r")
    second.says("42")
    second.send("\x04")
    assert second.ends() == 0
    together.finish()
