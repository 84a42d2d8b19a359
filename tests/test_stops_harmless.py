"""No stop and no client of one ever changes what becomes of the program (issue 3, point 5)."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.harness import program, until
from tests.stop_client import HELLO, Client, Stage, connect, facts, release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness import Command, Lab

UNSTOPPED = {"PYTHONBREAKPOINT": "0"}
GONE = b"\xff\xf4\xff\xfd\x06"
"""What telnet sends for Ctrl-C."""
MEGABYTES = 20


def says(*data: bytes) -> Callable[[Path], None]:
    """A client that says these bytes, and waits for the process to hang up."""

    def client(stop: Path) -> None:
        connection = connect(stop)
        connection.settimeout(30)
        with suppress(BrokenPipeError, ConnectionResetError):
            for each in data:
                connection.sendall(each)
            while connection.recv(1 << 16):
                pass
        connection.close()

    return client


def comes_and_goes(stop: Path) -> None:
    """Connect and close; connect and reset."""
    connect(stop).close()
    client = Client(stop)
    client.reset()


def resets_in_a_command(stop: Path) -> None:
    """Reset while the process evaluates."""
    client = Client(stop)
    client.until("prompt")
    client.say({"line": "import time; time.sleep(0.05)"})
    client.reset()


def dies_in_output(stop: Path) -> None:
    """Gone in the middle of 20 MB of output."""
    client = Client(stop)
    client.until("prompt")
    client.say({"line": f"p 'x' * {MEGABYTES << 20}"})
    assert "text" in client.hear()
    client.close()


def never_reads(stop: Path) -> None:
    """Ask for 20 MB and read nothing: after a while the process gives the client up."""
    client = Client(stop)
    client.until("prompt")
    client.say({"line": f"p 'x' * {MEGABYTES << 20}"})
    until(lambda: not facts(stop)["client"], "the client is given up")
    client.close()


def is_the_second(stop: Path) -> None:
    """A second console is told who the first is; a question is answered."""
    first, second = Client(stop), Client(stop)
    assert second.welcome == {"busy": os.getpid()}
    assert second.hear() == {}  # closed
    other = Client(stop, "ask")
    assert other.ask(eval="n")["value"] == "10"
    assert "12" in first.command("p n + 2")
    for each in (first, second, other):
        each.close()


HARMLESS = {
    "comes and goes": comes_and_goes,
    "resets in a command": resets_in_a_command,
    "garbage for a hello": says(b"\x00\xff\xfe garbage\n"),
    "another hello": says(b'{"hello": "you", "format": 1, "as": "console", "pid": 1}\n'),
    "a list for a hello": says(b'[{"hello": "mpdebug"}]\n'),
    "a number for a hello": says(b"1" * 6000 + b"\n"),
    "no hello": says(b""),
    "a line without an end": says(b"x" * (3 << 20)),
    "telnet": says(GONE + b"\r\n"),
    "garbage after hello": says(str(HELLO).replace("'", '"').encode() + GONE + b"\n"),
    "dies in output": dies_in_output,
    "never reads": never_reads,
    "is the second": is_the_second,
}


def test_no_client_harms_the_task(lab: Lab, plain: Command, start_method: str) -> None:
    """Whatever a client does, the task stands as it stood, and returns what it returns."""
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"), start_method)
    stop = stage.stop()
    before = facts(stop)
    for name, harm in HARMLESS.items():
        harm(stop)
        client = Client(stop)
        assert client.command("p n").endswith("10\n"), name
        client.close()
        until(lambda: not facts(stop)["client"], "the last client is gone")
        assert facts(stop) == before, name
    client = Client(stop)
    client.say({"eof": True})
    client.until("resumed")
    client.close()
    release(stage.stop())
    done = started.finish()
    without = plain(program("stops_twice.py"), start_method, env=UNSTOPPED)
    assert (done.out, done.err, done.status) == (without.out, without.err, without.status)


@pytest.mark.parametrize("end", ["c", "q", "eof", "detach", "exit", "n;;n;;c"])
def test_every_way_to_go_on_leaves_the_result(lab: Lab, end: str) -> None:
    """Continue, quit, end of input, detach, after steps too: the task returns its value."""
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"))
    for _ in range(2):
        client = Client(stage.stop())
        client.until("prompt")
        client.say({"eof": True} if end == "eof" else {"line": end})
        client.until("resumed")
        client.close()
    assert started.finish().ok().out == "(12, 2)\n"


@pytest.mark.parametrize(
    ("command", "raised"),
    [
        ("abort", "BdbQuit aborted at a breakpoint\n"),
        ("abort KeyError(n)", "KeyError 10\n"),
        ("abort nonsense", "(12, 2)\n"),
        ("abort 7", "(12, 2)\n"),
    ],
)
def test_abort_raises_exactly_what_was_asked_for(lab: Lab, command: str, raised: str) -> None:
    """The parent gets the exception that was named; what is none is an error at the prompt."""
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"))
    client = Client(stage.stop())
    said = client.command(command)
    if raised.startswith("("):
        assert "***" in said
        client.command("c")
        release(stage.stop())
    client.close()
    done = started.finish()
    assert (done.out, done.err) == (raised, "")


def test_a_console_that_dies_while_it_steps(lab: Lab) -> None:
    """The step ends, and the process waits at the next line for somebody else."""
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"))
    stop = stage.stop()
    line = facts(stop)["line"]
    client = Client(stop)
    client.until("prompt")
    client.say({"line": "n"})
    client.reset()
    until(lambda: facts(stop)["line"] > line and not facts(stop)["moving"], "the step's end")
    release(stop)
    release(stage.stop())
    assert started.finish().ok().out == "(12, 2)\n"


def test_stops_everywhere_change_nothing(lab: Lab, plain: Command, start_method: str) -> None:
    """In threads, handlers, initializers, daemons, forks, C callbacks, __del__ and at exit.

    Each is left in another way, and the program says and returns what it does without stops.
    """
    stage = Stage(lab)
    args, quiet = (program("stops_everywhere.py"), start_method), {"PYTHONWARNINGS": "ignore"}
    started = stage.start(*args, stdin=subprocess.DEVNULL, env=quiet)  # 3.12 warns of forks
    where = []
    for number in range(14):
        client = Client(stage.stop())
        where.append(client.ask(eval="where")["value"][1:-1])
        client.say(({"line": "c"}, {"line": "q"}, {"eof": True})[number % 3])
        assert "resumed" in client.until("resumed")
        client.close()
    done = started.finish()
    without = plain(*args, env={**quiet, **UNSTOPPED})
    assert (done.out, done.err, done.status) == (without.out, without.err, without.status)
    names = "__del__, atexit, daemon, end, executor initializer, fork, pool initializer"
    names += ", signal handler, sort key, task, thread 0, thread 1"
    assert ", ".join(sorted(set(where))) == names


def test_two_threads_stand_at_once(lab: Lab) -> None:
    """Each has a stop of its own, and its own console at the same time."""
    stage = Stage(lab)
    code = (
        "import threading\n"
        "def work(n):\n    breakpoint()\n    print(n, flush=True)\n"
        "both = [threading.Thread(target=work, args=(n,), name=f't{n}') for n in (0, 1)]\n"
        "[each.start() for each in both]; [each.join() for each in both]\n"
    )
    started = stage.start("-c", code)
    clients = [Client(stop) for stop in stage.stops(2)]
    for client in clients:
        client.until("prompt")
    assert {client.welcome["stop"]["thread"] for client in clients} == {"t0", "t1"}
    for client in reversed(clients):
        assert f"{client.welcome['stop']['locals']['n']}\n" in client.command("p n")
    for client in clients:
        client.command("n")  # both step at once
    for client in clients:
        client.command("c")
        client.close()
    assert sorted(started.finish().ok().out) == sorted("0\n1\n")


@pytest.mark.parametrize("console", [False, True])
def test_the_supervisor_is_killed(lab: Lab, *, console: bool) -> None:
    """Who stands with nobody to ask goes on; who talks to somebody goes on when he leaves."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as supervisor:
        stage = Stage(lab, {"supervisor": supervisor.pid})
        started = stage.start(program("stops_twice.py"))
        stop = stage.stop()
        client = Client(stop) if console else None
        supervisor.kill()
        supervisor.wait()
    if client is not None:
        assert client.command("p n").endswith("10\n")
        client.close()
    assert started.finish().ok().out == "(12, 2)\n"
    assert [event["how"] for event in stage.events("released")] == ["gone", "gone"]


def test_plain_text_only(lab: Lab) -> None:
    """LC_ALL=C without UTF-8 mode: accents and lone surrogates go both ways, harming nobody."""
    stage = Stage(lab)
    env = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    started = stage.start(program("stops_twice.py"), env=env)
    client = Client(stage.stop())
    assert "['é', '\\udce9']" in client.command("p words")
    assert client.command("words[0] += 'ü€'; print(*words)").endswith("éü€ \udce9\n")
    client.command("c")
    client.close()
    release(stage.stop())
    assert started.finish().ok().out == "(12, 2)\n"


def test_the_terminal_is_gone(lab: Lab) -> None:
    """Streams of a terminal that was closed, and no supervisor to wait for: it still stands."""
    above, terminal = pty.openpty()
    stage = Stage(lab, {"supervisor": 0})
    code = "import sys\nbreakpoint()\nopen(sys.argv[1], 'w').write('went on')\n"
    result = lab.folder / "result"
    started = stage.start(
        "-c", code, str(result), stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    os.close(above)
    release(stage.stop())
    assert started.finish().status in (0, 120)  # 120: stdout could not be flushed
    assert result.read_text() == "went on"


def test_an_alarm_of_the_program_strikes(lab: Lab) -> None:
    """What a signal handler raises while it stands is the program's, and reaches it."""
    stage = Stage(lab)
    code = (
        "import os, signal\n"
        "def late(*_):\n    raise TimeoutError('late')\n"
        "signal.signal(signal.SIGUSR1, late)\n"
        "for _ in range(2):\n"
        "    try:\n        breakpoint()\n"
        "    except TimeoutError as error:\n"
        "        print(error, flush=True)\n"
    )
    started = stage.start("-c", code)
    for role in ("ask", "console"):
        client = Client(stage.stop(), role)
        assert client.ask(eval="1")["value"] == "1"  # it stands
        os.kill(started.pid, signal.SIGUSR1)
        client.until("resumed")
        client.close()
    done = started.finish().ok()
    assert done.out.count("late") == 2, done.out
    assert [event["how"] for event in stage.events("released")] == ["exception", "exception"]


def test_no_alarm_is_lost_on_the_way_into_a_stop(lab: Lab) -> None:
    """A time-out that strikes at any moment while a stop is made ends the waiting."""
    stage = Stage(lab)
    code = (
        "import signal\n"
        "def late(*_):\n    raise TimeoutError('late')\n"
        "signal.signal(signal.SIGALRM, late)\n"
        "struck = 0\n"
        "for turn in range(60):\n"
        "    try:\n"
        "        signal.setitimer(signal.ITIMER_REAL, 0.0001 * (1 + turn))\n"
        "        breakpoint()\n"
        "    except TimeoutError:\n"
        "        struck += 1\n"
        "print(struck)\n"
    )
    assert stage.start("-c", code).finish().ok().out == "60\n"


def test_a_breakpoint_in_what_is_evaluated(lab: Lab) -> None:
    """Code that is run at a prompt and that has a breakpoint does not stand in itself."""
    stage = Stage(lab)
    started = stage.start(program("stops_twice.py"))
    client = Client(stage.stop())
    assert "(12, 2)" in client.command("p task(10)")
    assert "14" in client.command("p n + 4")
    client.command("c")
    client.close()
    release(stage.stop())
    assert started.finish().ok().out == "(12, 2)\n"
