"""What a stop leaves in the process where it was: nothing (issue 3, point 5)."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.harness import program
from tests.stop_client import Client, Stage, facts, release

if TYPE_CHECKING:
    from tests.harness import Command, Lab

UNSTOPPED = {"PYTHONBREAKPOINT": "0"}


def test_a_forked_child_has_no_debugger(lab: Lab) -> None:
    """Forked while its parent steps, and with pdb's breakpoints set: the child runs free."""
    stage = Stage(lab)
    started = stage.start(program("forks_in_a_debugger.py"))
    client = Client(stage.stop())
    assert "Breakpoint 1" in client.command("b work")
    assert "forked" in client.command("n")  # it stands before the fork
    client.command("s")
    for _ in range(3):
        client.command("n")  # over the fork
    client.command("c")
    client.close()
    stop = stage.stop()
    assert facts(stop)["locals"]["who"] == "'parent'"
    release(stop)
    done = started.finish().ok()
    assert done.out.splitlines() == [
        "while stepping None []",
        "0",
        "with a breakpoint None []",
        "0",
        "in a pool None []",
        "['in a pool']",
        *[line for line in done.out.splitlines() if line.startswith("parent ")],
    ]
    assert len(stage.events("stopped")) == 2


@pytest.mark.parametrize("mode", ["", "trace"])
def test_the_interpreter_is_as_it_was(lab: Lab, mode: str) -> None:
    """Trace functions, streams, hooks, signals, descriptors and more, after many commands.

    The tracer of the program (coverage) sees the lines that come.
    """
    stage = Stage(lab)
    started = stage.start(program("looks_at_itself.py"), *mode.split())
    client = Client(stage.stop())
    client.command("interact")
    for line in ("1 + 1", "1 / 0", "x = 3"):
        client.command(line)
    client.say({"eof": True})
    client.until("prompt")
    for line in (
        "b portrait",
        "n",
        "cl 1",
        "1 / 0",
        "display mode",
        "debug len('')",
        "q",
        "u",
        "d",
    ):
        client.command(line)
    client.command("c")
    client.close()
    expected = "traced True\nlooked 2\n" if mode else "looked 1\n"
    assert started.finish().ok().out == expected


def test_a_plain_script_that_fails(lab: Lab, plain: Command) -> None:
    """--pm, and no frame of anybody below Python's excepthook: it stands, says no more."""
    stage = Stage(lab, {"pm": "first"})
    code = "raise ValueError(1)"
    without = plain("-c", code)
    started = stage.start("-c", code)
    release(stage.stop())
    done = started.finish()
    assert (done.err, done.status) == (without.err, without.status)


LIVES = """
import gc
gc.disable()
class Resource:
    def use(self):
        breakpoint()
    def __del__(self):
        print("deleted")
resource = Resource()
try:
    resource.use()
except ValueError:
    print("aborted")
del resource
print("end")
"""


@pytest.mark.parametrize("way", ["c", "q", "abort ValueError()"])
def test_nothing_is_kept_alive(lab: Lab, way: str) -> None:
    """What was looked at dies when the program deletes it, not at some later collection."""
    stage = Stage(lab)
    started = stage.start("-c", LIVES)
    client = Client(stage.stop())
    client.command("p self")
    client.command("u")
    client.command("display resource")
    client.command(way)
    client.close()
    said = started.finish().ok().out.split()
    assert said == [*(["aborted"] if "abort" in way else []), "deleted", "end"]


NO_ROOM = {
    "descriptors": (
        "import os\nheld = []\n"
        "try:\n    while True: held.append(os.open('/dev/null', 0))\n"
        "except OSError: pass\n"
        "breakpoint()\n"
        "[os.close(fd) for fd in held]\nprint('went on')\n"
    ),
    "stack": (
        "import sys\n"
        "def deep(left):\n"
        "    if left: return deep(left - 1)\n"
        "    breakpoint()\n    return 'bottom'\n"
        "print([deep(sys.getrecursionlimit() - less) for less in range(10, 50, 5)])\n"
    ),
    "disk": "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nbreakpoint()\nprint('on')\n",
    "folder": "import shutil, sys\nshutil.rmtree(sys.argv[1])\nbreakpoint()\nprint('on')\n",
}


@pytest.mark.parametrize("what", NO_ROOM)
def test_no_room_for_a_debugger(lab: Lab, plain: Command, what: str) -> None:
    """No descriptors, the end of the stack, a full disk, its folder gone: it is passed by."""
    stage = Stage(lab)
    code = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
    code += NO_ROOM[what]
    stage.run.mkdir()
    without = plain("-c", code, str(stage.run), env=UNSTOPPED)
    started = stage.start("-c", code, str(stage.run))
    while started.popen.poll() is None:
        for stop in stage.new():
            stage.seen.add(stop)
            release(stop)
        with suppress(subprocess.TimeoutExpired):
            started.popen.wait(0.02)
    done = started.finish()
    assert (done.out, done.err, done.status) == (without.out, without.err, without.status)


def test_children_that_are_made_at_the_prompt(lab: Lab) -> None:
    """A child that a command forks has the program's streams, and stops of its own."""
    stage = Stage(lab)
    script = lab.folder / "script.py"
    script.write_text(
        "import multiprocessing\n"
        "def work():\n    breakpoint()\n    print('child', flush=True)\n"
        "breakpoint()\n"
        "print('parent', flush=True)\n"
    )
    started = stage.start(str(script))
    client = Client(stage.stop())
    client.command("fork = multiprocessing.get_context('fork')")
    client.command("child = fork.Process(target=work); child.start()")
    release(stage.stop())
    client.command("child.join()")
    assert client.command("p child.exitcode") == "0\n"
    client.command("c")
    client.close()
    assert started.finish().ok().out == "child\nparent\n"


def test_a_daemon_thread_stands_when_the_program_ends(lab: Lab) -> None:
    """The program ends as if nobody stood there."""
    stage = Stage(lab)
    code = (
        "import sys, threading\n"
        "threading.Thread(target=breakpoint, daemon=True).start()\n"
        "sys.stdin.readline()\nprint('ends')\n"
    )
    started = stage.start("-c", code)
    client = Client(stage.stop())
    started.say("go\n")
    done = started.finish().ok()
    client.close()
    assert (done.out, done.err) == ("ends\n", "")
