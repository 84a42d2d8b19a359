"""Stopping a process at a breakpoint, and what the debugger there can do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug import env
from tests.harness import program
from tests.stop_client import Client, Stage, facts, release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness import Command, Lab, Started

WORKER = program("stops_in_worker.py")


OPEN: list[Client] = []


@pytest.fixture
def stage(lab: Lab) -> Iterator[Stage]:
    """Programs with the agent in them; the test stands in for the supervisor."""
    yield Stage(lab)
    while OPEN:
        OPEN.pop().close()


def at(stop: Path, role: str = "console") -> Client:
    """A client at a stop, closed when the test is over."""
    OPEN.append(Client(stop, role))
    return OPEN[-1]


@pytest.mark.parametrize("way", ["builtin", "pdb", "mpdebug"])
def test_a_worker_stops_where_it_says_and_goes_on(
    stage: Stage, start_method: str, way: str
) -> None:
    """The stop tells place and locals; values can be asked and changed; the task goes on."""
    running = stage.start(WORKER, start_method, way)
    stop = stage.stop()
    told = facts(stop)
    assert told["function"] == "step"
    assert told["kind"] == "breakpoint"
    assert told["locals"] == {
        "number": "0",
        "way": repr(way),
        "config": "{'batch': 0, 'rate': 0.5}",
        "double": "0",
    }
    console = at(stop)
    assert console.command("p double").strip() == "0"
    assert console.command("n").endswith("-> double += 1\n")
    console.command("double = 40")
    console.command("c")
    assert running.finish().ok().out == "[43]\n"
    assert [event["how"] for event in stage.events("released")] == ["continue"]


def in_a_worker(stage: Stage) -> tuple[Started, Client]:
    running = stage.start(WORKER, "fork", "mpdebug")
    return running, at(stage.stop())


COMMANDS = (
    ("w", "step()"),
    ("bt", "step()"),
    ("u", "starmap"),
    ("d", "step()"),
    ("l 1, 9", "def step(number, way):"),
    ("ll", "return double + len(config)"),
    ("a", "number = 0"),
    ("p config['rate']", "0.5"),
    ("pp config", "{'batch': 0, 'rate': 0.5}"),
    ("whatis double", "<class 'int'>"),
    ("source step", "config = "),
    ("display double", "display double: 0"),
    ("undisplay double", ""),
    ("alias twice p (%1) * 2", ""),
    ("twice number+3", "6"),
    ("unalias twice", ""),
    ("tbreak 20", "Breakpoint 1"),
    ("condition 1 double > 0", "New condition set"),
    ("ignore 1 0", "Will stop next time"),
    ("disable 1", "Disabled breakpoint 1"),
    ("enable 1", "Enabled breakpoint 1"),
    ("b", "stops_in_worker.py:20"),
    ("cl 1", "Deleted breakpoint 1"),
    ("for each in config:\n    print(each, double)", "batch 0\nrate 0"),
    ("def triple(x):\n    return 3 * x", ""),
    ("triple(14)", "42"),
    ("restart", "*** there is no restart"),
    ("help", "Documented commands"),
    ("help p", "Print the value"),
    ("1 / 0", "*** ZeroDivisionError: division by zero"),
    ("retval", "*** Not yet returned!"),
    ("until 21", "stops_in_worker.py(21)"),
    ("jump 20", "stops_in_worker.py(20)"),
    ("r", "--Return--"),
    ("retval", "4"),  # the line that was jumped back to was run twice
)


def test_all_commands_of_pdb_work(stage: Stage) -> None:
    """Each command of pdb does in a worker what it does in a plain script."""
    running, console = in_a_worker(stage)
    for line, expected in COMMANDS:
        said = console.command(line)
        assert expected in said, f"{line}: {said}"
    console.command("c")
    assert running.finish().ok().out == "[4]\n"


def test_a_jump_right_at_the_stop(stage: Stage) -> None:
    """The lines between are not run, in every version of pdb."""
    running, console = in_a_worker(stage)
    assert "stops_in_worker.py(21)" in console.command("jump 21")
    console.command("c")
    assert running.finish().ok().out == "[2]\n"


def test_no_command_of_this_pdb_is_missing(stage: Stage) -> None:
    """What this version's pdb has, the client is told of, and ours beside it."""
    running, console = in_a_worker(stage)
    code = "import pdb; print(*[n[3:] for n in dir(pdb.Pdb) if n.startswith('do_')])"
    own = stage.lab.start([sys.executable, "-c", code]).finish().ok().out.split()
    told = set(console.welcome["commands"])
    assert {name for name in own if not name.startswith("_")} <= told
    assert {"abort", "detach"} <= told
    console.command("detach")
    running.finish().ok()


def test_a_python_prompt_and_a_debugger_inside_the_prompt(stage: Stage) -> None:
    """`interact`, `debug` and `commands` read from the client, each until its end of input."""
    running, console = in_a_worker(stage)
    console.command("interact")
    assert console.said[-1]["state"] == "interact"
    assert console.command("double + 5") == "5\n"
    console.say({"eof": True})
    assert console.until("prompt")["state"] == "pdb"
    console.command("debug step.__name__.upper()")
    assert console.said[-1]["prompt"] == "((Pdb)) "
    console.command("q")
    assert console.said[-1]["prompt"] == "(Pdb) "
    console.command("b 20")
    console.command("commands 1")
    assert console.said[-1]["state"] == "commands"
    console.command("p 'reached', double")
    console.command("end")
    console.command("c")
    again = at(stage.stop())
    assert "('reached', 0)" in again.until("prompt")["prompt"] + str(again.said)
    assert again.command("c") == ""
    running.finish().ok()


def test_breakpoints_set_at_the_prompt_stop_again(stage: Stage) -> None:
    """After `c` a breakpoint of pdb's is a new stop; `detach` forgets them."""
    running, console = in_a_worker(stage)
    console.command("b 20")
    console.command("c")
    stop = stage.stop()
    assert facts(stop)["line"] == 20
    again = at(stop)
    again.command("detach")
    running.finish().ok()
    hows = [event["how"] for event in stage.events("released")]
    assert hows == ["continue", "detach"]


def test_abort_raises_what_was_asked_for(stage: Stage) -> None:
    """`abort ValueError('no')` fails the task with just that; the Pool hands it on."""
    running, console = in_a_worker(stage)
    console.command("abort ValueError('no')")
    ended = running.finish()
    assert ended.status == 1
    assert ended.err.endswith("ValueError: no\n")


def test_questions_are_answered_beside_the_console(stage: Stage) -> None:
    """Another client asks for values, the stack and completions while somebody is there."""
    running, console = in_a_worker(stage)
    console.until("prompt")
    asker = at(console.stop, "ask")
    answer = asker.ask(eval="config['batch'] + 1")
    assert (answer["value"], answer["type"]) == ("1", "int")
    assert asker.ask(eval="nothing")["error"] == "NameError: name 'nothing' is not defined"
    frames = asker.ask(stack=True)["frames"]
    assert frames[-1][2] == "step"
    ask: dict[str, Any] = {"complete": "dou", "line": "p dou", "begin": 2, "end": 5}
    assert asker.ask(**ask)["completions"] == ["double"]
    ask = {"complete": "number.bit", "line": "number.bit", "begin": 0, "end": 10}
    assert "number.bit_length" in asker.ask(**ask)["completions"]
    ask = {"complete": "config['ba", "line": "p config['ba", "begin": 2, "end": 12}
    assert asker.ask(**ask)["completions"] == ["'batch']"]
    release(console.stop)
    assert console.until("resumed")["resumed"] == "continue"
    running.finish().ok()


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [({"breakpoints": "ignore"}, []), ({"breakpoints": "report"}, [True])],
)
def test_breakpoints_can_be_ignored_or_only_reported(
    stage: Stage, settings: dict[str, str], kinds: list[bool]
) -> None:
    """`--breakpoints ignore` passes by, `report` writes and passes by, though one waits."""
    stage.settings = settings
    assert stage.start(WORKER, "fork", "builtin").finish().ok().out == "[3]\n"
    assert [event["reported"] for event in stage.events("stopped")] == kinds


def test_pythonbreakpoint_of_the_person_is_respected(stage: Stage) -> None:
    """PYTHONBREAKPOINT=0 turns `breakpoint()` off, as without us."""
    running = stage.start(WORKER, "spawn", "builtin", env={"PYTHONBREAKPOINT": "0"})
    assert running.finish().ok().out == "[3]\n"
    assert stage.events("stopped") == []


def test_a_stop_waits_on_while_somebody_is_at_another(stage: Stage) -> None:
    """Its seconds run out only when no prompt is at any stop of the run."""
    code = "import mpdebug; mpdebug.breakpoint(wait={}); print('went on')"
    first = stage.start("-c", code.format(60))
    console = at(stage.stop())
    second = stage.start("-c", code.format(0.2))
    stop = stage.stop()
    console.command("import time; time.sleep(0.6)")
    assert stop in stage.standing()
    console.command("c")
    assert second.finish().ok().out == "went on\n"
    first.finish().ok()
    assert {event["how"] for event in stage.events("released")} == {"continue", "timeout"}


@pytest.mark.parametrize(
    ("conditions", "hits", "stops"),
    [
        ({"once": True}, 5, 1),
        ({"every": 10}, 5, 4),
        ({"after": 38}, 5, 2),
        ({"when": False}, 5, 0),
        ({"process": "*Process-3"}, 2, 2),
    ],
    ids=["once", "every", "after", "when", "process"],
)
def test_hits_are_counted_over_all_processes(
    stage: Stage, conditions: dict[str, Any], hits: int, stops: int
) -> None:
    """Of eight workers that pass by so often, so many stops are made in all."""
    stage.settings = {"waits": False}
    counted = program("counts_hits.py")
    running = stage.start(counted, json.dumps(conditions), str(hits), "8")
    assert running.finish().ok().out == f"done {[0] * 8}\n"
    assert len(stage.events("stopped")) == stops


def test_only_so_many_stand_at_once(stage: Stage) -> None:
    """`limit=2`: two of four workers stand, the others run on to their end."""
    running = stage.start(program("counts_hits.py"), '{"limit": 2}', "1", "4")
    stops = stage.stops(2)
    for stop in stops:
        release(stop)
    assert running.finish().ok().out == f"done {[0] * 4}\n"
    assert len(stage.events("stopped")) in {2, 3, 4}  # a place may be free again in time


def test_a_program_that_was_started_plainly_can_be_entered(lab: Lab, plain: Command) -> None:
    """`python script.py` with mpdebug.breakpoint() in workers: one run, and what to type."""
    code = (
        "import multiprocessing, mpdebug\n"
        "def f(n): mpdebug.breakpoint(wait=30); return n\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        print(pool.map(f, range(2), chunksize=1))\n"
    )
    script = lab.folder / "script.py"
    script.write_text(code)
    running = plain.start(str(script))
    said = running.wait_for(" attach ", times=2)
    assert said.count("stopped at") == 2
    [run] = [path for path in (lab.state_home / "mpdebug").iterdir() if path.name[0] != "."]
    stops: list[Path] = sorted(run.glob("p/*/stops/*.json"))
    assert len(stops) == 2
    for stop in stops:
        assert str(facts(stop)["line"]) == "2"
        release(stop)
    assert running.finish().ok().out == "[0, 1]\n"
    running.said["stderr"] += str(run).encode()  # nobody supervises: it stays


def test_the_frames_of_an_exception_are_looked_at(stage: Stage) -> None:
    """mpdebug.post_mortem() in an except block: the failed frame with its locals."""
    code = (
        "import mpdebug\n"
        "def divide(a, b): return a / b\n"
        "try: divide(7, 0)\n"
        "except ZeroDivisionError: mpdebug.post_mortem()\n"
        "print('went on')\n"
    )
    running = stage.start("-c", code)
    stop = stage.stop()
    told = facts(stop)
    assert told["exception"] == {"type": "ZeroDivisionError", "message": "division by zero"}
    assert told["function"] == "divide"
    console = at(stop)
    assert console.command("p a, b").strip() == "(7, 0)"
    assert "divide" in console.command("w")
    if env.TAKES_EXCEPTIONS:
        assert "ZeroDivisionError" in console.command("exceptions")
    console.command("c")
    assert running.finish().ok().out == "went on\n"


def test_the_programs_own_trace_function_comes_back(stage: Stage) -> None:
    """What traced before somebody stepped (coverage) traces again after `c`."""
    code = (
        "import sys\n"
        "def mine(frame, event, arg): return mine\n"
        "sys.settrace(mine)\n"
        "def f():\n"
        "    breakpoint()\n"
        "    x = 1\n"
        "    return x\n"
        "f()\n"
        "print(sys.gettrace() is mine)\n"
    )
    running = stage.start("-c", code)
    console = at(stage.stop())
    console.command("n")
    console.command("n")
    console.command("c")
    assert running.finish().ok().out == "True\n"
