"""Whether anybody reads how a child ended; errors at a start; the exit that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mpdebug.rundir import layout
from tests.harness import program, read_run, until
from tests.leftovers import runs
from tests.noted import notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Both, Command, Handshake

pytestmark = pytest.mark.one_way

PROGRAM = program("starts_and_looks.py")


def test_reading_an_exit_code_is_told_once(both: Both, start_method: str) -> None:
    """And a daemon is known to be one."""
    _, done = both(PROGRAM, start_method, "looks", options=["--keep"])
    (child,) = [one for one in done.run.processes if one.name.endswith("Process-1")]
    (looked,) = notes(done.run, layout.EV_EXITCODE)
    assert (looked["by"], looked["pid"]) == ("MainProcess", child.pid)
    events = (done.run_folder / "p" / child.parent / layout.EVENTS).read_text()
    assert '"daemon":true' in events


def test_to_join_is_not_to_look(both: Both) -> None:
    """Nor are is_alive and repr, which ask the same of the operating system."""
    _, done = both(PROGRAM, "fork", "ignores", options=["--keep"])
    assert notes(done.run, layout.EV_EXITCODE) == []


def test_errors_at_a_start_are_told(both: Both) -> None:
    """A target that cannot be pickled, a daemon's child: also if it is swallowed."""
    _, done = both(PROGRAM, "spawn", "errs", options=["--keep"])
    first, second = notes(done.run, layout.EV_MISTAKE)
    assert "<lambda>" in first["message"]
    assert first["where"].endswith("starts_and_looks.py:31")
    assert second["message"] == "daemonic processes are not allowed to have children"
    assert second["where"].endswith("starts_and_looks.py:41")


def test_the_exit_that_waits_is_told(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """The main script has ended, its exit waits for a child: said before it waits."""
    go = handshake()
    started = mpdebug.start("--keep", PROGRAM, "fork", "exits", go.path)
    home = mpdebug.lab.state_home
    until(
        lambda: [
            said
            for run in runs(home)
            if (run / layout.RUN).exists()  # it is written after the folder was made
            for said in notes(read_run(run), layout.EV_REMARK)
        ],
        "it says that its exit begins",
    )
    go.say()
    done = started.finish().ok()
    (remark,) = notes(done.run, layout.EV_REMARK)
    (child,) = [one for one in done.run.processes if one.role == layout.WORKER]
    assert (remark["what"], remark["children"]) == ("exiting", [child.pid])
