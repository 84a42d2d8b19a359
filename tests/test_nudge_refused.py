"""What a signal of ours would disturb is left alone, and it is told why."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from mpdebug.agent import nudge as nudged
from mpdebug.observer import nudge
from tests.harness import until
from tests.stop_client import Stage, processes, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Handshake, Lab


@pytest.fixture
def stage(lab: Lab) -> Stage:
    """Programs with the agent in them."""
    return Stage(lab)


OWN = {
    "signal": "import signal\nsignal.signal({0}, lambda *_: print('the own one'))",
    "faulthandler": "import faulthandler\nfaulthandler.register({0})",
    "blocked": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [{0}])",
    "pause": "import signal, threading\nthreading.Thread(target=lambda: (sys.stdin.readline(),"
    " signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1))).start()\n"
    "signal.signal(signal.SIGUSR1, lambda *_: None)\n"
    "open(sys.argv[1], 'w').write('ready\\n')\nsignal.pause()",
}
WHY = {
    **dict.fromkeys(("signal", "faulthandler"), "the program uses that signal itself"),
    "blocked": "it blocks signal",
    "pause": "it waits for a signal (pause)",
}


@pytest.mark.parametrize("how", OWN)
@pytest.mark.parametrize("which", ["nudge", "stacks"])
def test_a_process_that_would_notice_is_left_alone(
    stage: Stage, handshake: Callable[[], Handshake], how: str, which: str
) -> None:
    """A handler of its own, a blocked signal, pause(): nothing is sent, and it is told why."""
    number = signal.SIGRTMAX - (nudged.NUDGE if which == "nudge" else nudged.STACKS)
    main, _, go = running(stage, handshake, OWN[how].format(int(number)))
    if how == "pause":
        until(lambda: nudge.sleeps_for_signal(main.pid), "it waits for a signal")
    why = nudge.nudge(main) if which == "nudge" else nudge.last_stack(main, 30)[1]
    moved = which == "stacks" and how in ("signal", "faulthandler")  # to another signal
    assert why == "" if moved else why.startswith(WHY[how])
    if how == "pause":
        stage.lab.started[0].say("\n")
    go.say()
    assert stage.lab.started[0].finish().ok().out == "done\n"


def test_what_is_printed_to_a_full_pipe_is_not_cut_short(stage: Stage) -> None:
    """A large write by `python -u` stands in the kernel: no signal, or its rest is lost."""
    reader, writer = os.pipe()
    stage.start("-u", "-c", "print('x' * 300_000)", stdout=writer)
    os.close(writer)
    until(lambda: "MainProcess" in processes(stage), "it is there")
    main = processes(stage)["MainProcess"]
    until(lambda: nudge.prints_much(main.pid), "it stands in its write")
    assert nudge.last_stack(main, 30)[1].startswith("it prints to a full pipe")
    with os.fdopen(reader, "rb") as file:
        assert file.read() == b"x" * 300_000 + b"\n"
