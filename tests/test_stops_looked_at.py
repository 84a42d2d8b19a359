"""Whatever the program's objects raise at a prompt, it is shown there, and nowhere else."""

from __future__ import annotations

import json
import signal

import pytest

from tests.harness import Lab, program, until
from tests.stop_client import HELLO, Client, Stage, connect

pytestmark = pytest.mark.once

COMMANDS = (
    *("p bad", "pp table", "whatis bad", "a", "source bad", "b bad", "b looks, bad.attribute"),
    *("display bad", "p 1", "undisplay bad", "display 1 / len(table)", "p 2", "debug bad"),
    *("ll", "until bad", "jump bad", "abort bad", "bad", "for each in [bad]:\n    print(each)"),
)

ASKED = (
    {"complete": "", "line": "p there['al", "begin": 8, "end": 11},
    {"complete": "", "line": "p nowhere['al", "begin": 10, "end": 13},
    {"complete": "there.", "line": "p there.", "begin": 2, "end": 8},
    {"complete": "bad.attribute.x", "line": "bad.attribute.x", "begin": 0, "end": 15},
    {"complete": "x", "line": 3, "begin": "first", "end": []},
    {"eval": "bad"},
    {"eval": "bad.attribute"},
    {"eval": "nowhere"},
    {"eval": "(" * 1000},
    {"stack": True},
)

DEEP = 100_000


@pytest.fixture
def stage(lab: Lab) -> Stage:
    """Programs with the agent in them."""
    return Stage(lab)


@pytest.mark.parametrize("kind", ["ValueError", "KeyboardInterrupt", "SystemExit"])
def test_no_command_fails_the_task(stage: Stage, kind: str) -> None:
    """What objects raise that a command looks at is an answer, and the stop stands on."""
    started = stage.start(program("raises_when_looked_at.py"), kind)
    console = Client(stage.stop())
    for line in COMMANDS:
        console.command(line)
        assert console.said[-1].get("state") == "pdb", f"{line}: {console.said[-3:]}"
    assert kind in console.command("p bad")
    console.command("detach")
    console.close()
    assert started.finish().ok().out == "1\n"


@pytest.mark.parametrize("kind", ["ValueError", "KeyboardInterrupt"])
def test_no_question_fails_the_task(stage: Stage, kind: str) -> None:
    """A Tab behind a name that is none, or an object that raises, has no completions."""
    started = stage.start(program("raises_when_looked_at.py"), kind)
    client = Client(stage.stop(), "ask")
    for question in ASKED:
        answer = client.ask(**question)
        assert answer["id"] == 7, f"{question}: {answer}"
    assert client.ask(eval="len(table)")["value"] == "1"
    client.ask(release="continue")
    client.close()
    assert started.finish().ok().out == "1\n"


@pytest.mark.parametrize(
    "line",
    [b"[" * DEEP, b'{"eval":' * DEEP, b'{"release":["continue"]}', b'{"eof":[],"id":{}}'],
    ids=["deep list", "deep object", "a strange release", "a strange end"],
)
def test_what_cannot_be_taken_apart_ends_no_stop(stage: Stage, line: bytes) -> None:
    """JSON deeper than Python can read, and values of another type: the stop stands on."""
    started = stage.start(program("raises_when_looked_at.py"), "ValueError")
    stop = stage.stop()
    strange = connect(stop)
    strange.sendall(json.dumps({**HELLO, "as": "ask"}).encode() + b"\n" + line + b"\n")
    client = Client(stop)
    assert client.command("p len(table)").endswith("1\n")
    assert stop.exists()
    client.command("c")
    for each in (strange, client):
        each.close()
    assert started.finish().ok().out == "1\n"


def test_an_alarm_at_a_prompt_inside_the_prompt(stage: Stage) -> None:
    """What a handler of the program raises while `interact` waits is the program's to get."""
    code = (
        "import signal, sys\n"
        "def strikes(*_): raise TimeoutError('now')\n"
        "signal.signal(signal.SIGUSR1, strikes)\n"
        "try:\n    breakpoint()\nexcept TimeoutError as error:\n    print(error)\n"
    )
    for command in ("interact", "debug len('x')"):
        started = stage.start("-c", code)
        stop = stage.stop()
        console = Client(stop)
        console.command(command)
        started.signal(signal.SIGUSR1)
        assert console.until("resumed")["resumed"] == "exception"
        console.close()
        until(lambda stop=stop: not stop.exists(), "the stop is over")  # type: ignore[misc]
        assert started.finish().ok().out == "now\n"
