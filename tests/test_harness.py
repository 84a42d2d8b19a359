"""The tests' own instruments: each alarm is set off once."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests import leftovers
from tests.harness import Both, Command, Handshake, Lab, program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.once


def test_a_program_is_run_to_its_end(plain: Command) -> None:
    """Output, status and input of a plain program arrive where the test looks for them."""
    done = plain("-c", "import sys; print(input()); sys.exit('bye')", input="hello\n")
    assert (done.out, done.err, done.status) == ("hello\n", "bye\n", 1)


def test_an_input_that_is_not_read_does_no_harm(plain: Command) -> None:
    """A program that ends before it has read a megabyte of stdin is no error of the test's."""
    assert plain("-c", "print(1)", input=b"x" * (1 << 20)).ok().out == "1\n"


def test_a_deadline_tells_what_the_processes_did(plain: Command, lab: Lab) -> None:
    """When the deadline passes the test fails with the processes, and they are ended."""
    with pytest.raises(pytest.fail.Exception, match=r"did not end|no end") as failed:
        plain(program("sleeps_with_a_child.py"), deadline=1)
    assert str(failed.value).count("sleeps_with_a_child.py") >= 2
    assert lab.processes() == []


def test_a_handshake_needs_no_sleep(
    plain: Command, handshake: Callable[[], Handshake], lab: Lab
) -> None:
    """A program says ready, is seen alive, and ends when it is told to go on."""
    ready, go = handshake(), handshake()
    running = plain.start(program("says_ready.py"), ready.path, go.path)
    assert ready.wait() == ["ready"]
    assert lab.processes() == [running.pid]
    go.say("go")
    assert running.finish().ok().out == "go\n"


def test_what_was_said_is_waited_for(plain: Command) -> None:
    """A line on a stream of a running program is found as soon as it is there."""
    running = plain.start("-c", "print('here', flush=True); input()")
    assert "here" in running.wait_for("here", "stdout")
    running.say("\n")
    running.finish().ok()


def test_a_death_by_signal_is_a_negative_status(plain: Command) -> None:
    """The status of a killed program names the signal."""
    running = plain.start("-c", "input()")
    running.signal(signal.SIGKILL)
    assert running.finish().status == -signal.SIGKILL


def test_differences_are_found(both: Both, tmp_path: Path) -> None:
    """`both` fails when the two runs do not print the same."""
    different = Both(Command(both.plain.lab, ("-S",)), both.plain)
    with pytest.raises(AssertionError):
        different("-c", "import sys; print(sys.flags.no_site)", cwd=tmp_path)


def test_processes_left_behind_are_found(plain: Command, lab: Lab) -> None:
    """An orphan in a session of its own is still known as this test's."""
    out = plain(program("leaves_an_orphan.py"), deadline=10).ok().out
    assert lab.processes() == [int(out)]
    leftovers.kill(lab.processes())
    assert lab.processes() == []


def test_who_is_killed_leaves_no_shared_memory(plain: Command, lab: Lab) -> None:
    """A whole tree is killed, and its resource tracker takes the names away."""
    code = (
        "import multiprocessing as mp, time\n"
        "lock = mp.get_context('spawn').Lock()\n"
        "print(lock._semlock.name[1:], flush=True); time.sleep(100)\n"
    )
    running = plain.start("-c", code)
    name = f"sem.{running.wait_for(chr(10), 'stdout').strip()}"
    assert (leftovers.SHM / name).exists()
    leftovers.kill(lab.processes())
    assert lab.processes() == []
    assert not (leftovers.SHM / name).exists()


def test_shared_memory_left_behind_is_found() -> None:
    """A semaphore that no living process maps is a leftover; one that is mapped is not."""
    name = f"psm_mpdebug_test_{os.getpid()}"
    (leftovers.SHM / name).write_bytes(b"x")
    try:
        assert leftovers.unmapped({name}, patience=0) == {name}
    finally:
        (leftovers.SHM / name).unlink()
    assert leftovers.unmapped({name}) == set()
