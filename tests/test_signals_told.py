"""Who sent a signal, as the processes of a real run wrote it down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from tests.harness import Command

pytestmark = pytest.mark.one_way

PID = re.compile(r"\(pid \d+\)")
ANYBODY = "nobody observed: outside, a started command, C code or the system"


def test_each_death_has_its_own_sender(mpdebug: Command) -> None:
    """A kill of a group is told of that group alone; a command of the program's is named."""
    ended = mpdebug(program("kills_in_many_ways.py")).ok()
    assert ended.out == "[-9, -9, -9, -9]\n", str(ended)
    said = mpdebug("deaths").ok().out
    heads = re.split(r"(?m)^\d\d:\d\d:\d\d\S*  ", said)[1:]
    found = {head.split()[0]: PID.sub("(pid)", " ".join(head.split())) for head in heads}
    by_group = "sent by MainProcess (pid), its parent, by os.killpg at"
    assert by_group in found["leader"]
    assert by_group in found["follower"]
    by_command = "sent by perhaps by kill (pid), which MainProcess started at"
    assert by_command in found["commanded"]
    assert f"sent by {ANYBODY}" in found["unseen"]


def test_our_wrapper_is_not_what_the_program_called(mpdebug: Command) -> None:
    """A SIGSEGV that a process sends itself is told with the program's line alone."""
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    mpdebug("-c", child).ok()
    said = mpdebug("deaths").ok().out
    assert "itself, at <string>:2" in said
    assert "endings.py" not in said


@pytest.mark.parametrize("given", ["(1, 2)", "0.0", "'x'"])
def test_sys_exit_is_told_with_what_it_was_given(mpdebug: Command, given: str) -> None:
    """A text is quoted, and nothing else is."""
    code = (
        "import multiprocessing, sys\n"
        f"p = multiprocessing.get_context('fork').Process(target=sys.exit, args=({given},))\n"
        "p.start(); p.join(); print(p.exitcode)\n"
    )
    ended = mpdebug("-c", code).ok()
    assert ended.out == "1\n"
    assert f"ended by sys.exit({given})" in ended.err
