"""The prompt that opens by itself in the terminal in which the program runs, on a real pty."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpdebug import env
from mpdebug.cli.console_screen import Screen
from tests.harness import program, until
from tests.stop_client import release
from tests.terminals import PROMPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Handshake
    from tests.terminals import AtTerminal

pytestmark = pytest.mark.once


def beside(start: Callable[..., AtTerminal], words: Handshake, *more: str) -> AtTerminal:
    """Start the program whose main process does what it is told while its worker stands."""
    return start(program("stops_beside.py"), words.path, *more)


def test_a_prompt_opens_by_itself(at_terminal: Callable[..., AtTerminal]) -> None:
    """It says who stopped where, answers, lets go, and what was typed is kept."""
    it = at_terminal(program("stops_as_told.py"), "fork", "1")
    it.see(r"Worker-1 \(pid \d+\) stopped at .*stops_as_told.py:\d+ in step")
    assert it.prompt() == "Worker-1"
    it.type("p loss * 21\r")
    it.see("42")
    it.prompt()
    it.type("c\r")
    it.see(r"ended \[0\]")
    status, said = it.end()
    assert status == 0
    kept = re.search(r"What was typed at the prompt: (\S+)", said)
    assert kept, said
    assert "p loss * 21" in (it.run() / kept[1]).read_text()


def test_each_has_its_turn(at_terminal: Callable[..., AtTerminal]) -> None:
    """Three workers stop; when one goes on, the prompt is in the next, until none is left."""
    it = at_terminal(program("stops_as_told.py"), "fork", "3")
    it.prompt()
    until(lambda: len(it.stops()) == 3, "three stops")
    seen = set()
    for _ in range(3):
        it.type("p 'here' + str(number)\r")
        seen.add(it.see(r"'here(\d)'")[1])
        it.prompt()
        it.type("c\r")
    it.see(r"ended \[0, 0, 0\]")
    assert seen == {"1", "2", "3"}
    assert it.end()[0] == 0


def test_those_that_wait_are_announced(at_terminal: Callable[..., AtTerminal]) -> None:
    """While a prompt is open, others that stop are told above it, and that they wait."""
    it = at_terminal(program("stops_as_told.py"), "fork", "2")
    it.see_all(PROMPT, r"mpdebug: [^\x1b]* stopped at [^\x1b]*turn\)")
    until(lambda: len(it.stops()) == 2, "both stand")
    it.type("c all\r")
    it.see(r"ended \[0, 0\]")
    assert it.end()[0] == 0


def test_logs_and_keys_beside_the_prompt(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """A record goes above the prompt; what was typed stays; Ctrl-C and Ctrl-Z reach nobody."""
    words = handshake()
    it = beside(at_terminal, words)
    it.prompt()
    it.type("p lo")
    it.see("p lo")
    words.say("log")
    it.see("a word from main")
    words.say("show")
    it.see("shown by main itself")
    it.prompt()  # drawn again below, with what was typed
    it.see("p lo")
    words.say("print")
    it.see("printed by main")
    it.type("ss\r")
    it.see("42")
    it.prompt()
    it.type("\x03\x1a\x1c")
    it.type("p 'still' + 'here'\r")
    it.see("'stillhere'")
    it.prompt()
    it.type("c\r")
    it.see("loss 42")
    words.say("end")
    it.see("ended 0")
    status, said = it.end()
    assert (status, "interrupted" in said) == (0, False)


def test_ctrl_c_interrupts_what_is_evaluated(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """Ctrl-C ends an expression that takes too long; the program beside it never sees it."""
    words, busy = handshake(), handshake()
    it = beside(at_terminal, words)
    it.prompt()
    says = f"os.write(os.open({busy.path!r}, os.O_WRONLY), b'busy\\n')"
    it.type(f"import os, time; {says}; time.sleep(1000)\r")  # a file's end would eat it
    busy.wait()
    it.type("\x03")
    it.see("KeyboardInterrupt")
    it.prompt()
    it.type("c\r")
    it.see("loss 42")
    words.say("end")
    it.see("ended 0")
    status, said = it.end()
    assert (status, "interrupted" in said) == (0, False)


@pytest.mark.skipif(not env.READS, reason="nobody tells who reads a terminal")
def test_a_program_that_reads_keeps_the_terminal(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """While main waits for a line no prompt opens: the stop is announced with the command."""
    words, gate = handshake(), handshake()
    it = beside(at_terminal, words, gate.path)
    words.say("input")
    it.see("name\\? ")
    until(lambda: _sleeps_in_read(it), "main waits for its line")
    gate.say()
    it.see("mpdebug attach Worker-1")
    it.type("ann\r")
    it.see("main got ann")
    (stop,) = it.stops()
    release(Path(stop.socket).with_suffix(".json"))
    it.see("loss 42")
    words.say("end")
    it.see("ended 0")
    assert it.end()[0] == 0


def _sleeps_in_read(it: AtTerminal) -> bool:
    """Whether a process at this terminal waits for input."""
    for pid in it.lab.processes():
        with contextlib.suppress(OSError, ValueError):
            call = Path(f"/proc/{pid}/syscall").read_text().split()
            if env.READS.get(int(call[0])) == "read" and int(call[1], 16) == 0:
                return True
    return False


@pytest.mark.skipif(not env.READS, reason="nobody tells who reads a terminal")
def test_the_prompt_gives_way_to_the_program(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """When main begins to read, an open prompt closes, says so, and main gets its line."""
    words = handshake()
    it = beside(at_terminal, words)
    it.prompt()
    words.say("input")
    it.see(r"the program reads the terminal now \(pid \d+\)")
    until(it.has_plain_modes, "the terminal is as it was")
    it.type("bob\r")
    it.see("main got bob")
    (stop,) = it.stops()
    release(Path(stop.socket).with_suffix(".json"))
    it.see("loss 42")
    words.say("end")
    it.see("ended 0")
    assert it.end()[0] == 0


def test_a_process_that_dies_closes_its_prompt(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """SIGKILL of the stopped process: the prompt says so and closes; the terminal is plain."""
    words = handshake()
    it = beside(at_terminal, words)
    it.prompt()
    (stop,) = it.stops()
    os.kill(stop.pid, signal.SIGKILL)
    it.see("Worker-1 has ended")
    until(it.has_plain_modes, "the terminal is as it was")
    words.say("end")
    it.see("ended -9")
    assert it.end()[0] == 0


def test_a_stop_that_another_terminal_released_closes_its_prompt(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """Released from elsewhere: the prompt says by whom, and closes."""
    words = handshake()
    it = beside(at_terminal, words)
    it.prompt()
    (stop,) = it.stops()
    release(Path(stop.socket).with_suffix(".json"))
    it.see(f"Worker-1 goes on, released by process {os.getpid()}")
    words.say("end")
    it.see("ended 0")
    assert it.end()[0] == 0


def test_the_end_of_the_program_closes_the_prompt(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """Main leaves while a prompt is open: its status is ours, and the terminal is as it was."""
    words = handshake()
    it = beside(at_terminal, words)
    it.prompt()
    words.say("exit")
    until(it.has_plain_modes, "the terminal is as it was")
    assert it.end()[0] == 3
    until(lambda: not it.lab.processes(), "the worker goes on and ends")


def test_a_signal_ends_program_and_prompt(
    at_terminal: Callable[..., AtTerminal], handshake: Callable[[], Handshake]
) -> None:
    """SIGTERM while a prompt is open: the program dies of it, we too, the terminal is plain."""
    words = handshake()
    it = beside(at_terminal, words)
    it.prompt()
    os.kill(it.screen.pid, signal.SIGTERM)
    until(it.has_plain_modes, "the terminal is as it was")
    assert it.end()[0] == -signal.SIGTERM
    until(lambda: not it.lab.processes(), "the worker goes on and ends")


def test_no_prompt_where_none_is_wanted(at_terminal: Callable[..., AtTerminal]) -> None:
    """--prompt=never: the stop is announced, and no key is taken from the program."""
    it = at_terminal("--prompt=never", program("stops_as_told.py"), "fork", "1")
    it.see("mpdebug attach Worker-1")
    assert it.has_plain_modes()
    (stop,) = it.stops()
    release(Path(stop.socket).with_suffix(".json"))
    it.see(r"ended \[0\]")
    assert it.end()[0] == 0


def test_no_prompt_in_ci(at_terminal: Callable[..., AtTerminal]) -> None:
    """With CI set a terminal is nobody: the stop is written to the log and goes on."""
    it = at_terminal(program("stops_as_told.py"), "fork", "1", ci="true")
    it.see("WARNING.*stopped at")
    status, said = it.end()
    assert (status, "(mpdb" in said) == (0, False)


def test_getting_ready_leaves_the_terminal_alone() -> None:
    """What a prompt needs is loaded beside the program: nothing is written, no mode changed."""
    ours, its = pty.openpty()
    with os.fdopen(os.dup(its)) as stdin, os.fdopen(its, "w") as stdout:
        modes = termios.tcgetattr(stdin)
        Screen(stdin=stdin, stdout=stdout).prepare()
        assert termios.tcgetattr(stdin) == modes
        assert select.select([ours], [], [], 0)[0] == []
    os.close(ours)
