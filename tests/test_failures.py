"""--pm: the first failure of each kind stands alive in its worker; nothing else changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.harness import program
from tests.stop_client import Client, Stage, facts, release

if TYPE_CHECKING:
    from tests.harness import Command, Finished, Lab, Started

pytestmark = pytest.mark.one_way

PROGRAM = "fails_in_workers.py"


def expect(stage: Stage, *kinds: str) -> None:
    """Let failures of these kinds go on, one after the other, with what the board shows."""
    for kind in kinds:
        stop = facts(path := stage.stop())
        assert stop["kind"] == "failure"
        assert stop["exception"]["type"] == kind
        assert re.fullmatch(
            rf"{kind} at fails_in_workers.py:\d+, parked \(--pm\)", stop["header"]
        )
        assert stop["source"].startswith("raise"), stop["source"]
        release(path)


def same_as(plain: Command, started: Started, *mode: str) -> Finished:
    """The end of the program, which is the one that it has without us."""
    ours, without = started.finish(), plain(program(PROGRAM), *mode)
    assert ours.out == without.out
    assert re.sub(r"Process-\d+|\d{4,}", "", ours.err) == re.sub(
        r"Process-\d+|\d{4,}", "", without.err
    )
    assert ours.status == without.status
    return ours


@pytest.mark.parametrize(("where", "counted"), [("pool", 4), ("executor", 1), ("process", 1)])
def test_one_failure_of_each_kind_stands_in_its_worker(
    lab: Lab, plain: Command, start_method: str, where: str, counted: int
) -> None:
    """Pool, executor and Process: one stop a kind, the rest a count, for the parent as ever.

    What cannot be pickled and sys.exit() are no failures of this sort.
    """
    stage = Stage(lab, {"pm": "first"})
    started = stage.start(program(PROGRAM), where, start_method)
    kinds = ["ValueError"] if where == "process" else ["ValueError", "KeyError"]
    expect(stage, *kinds)
    same_as(plain, started, where, start_method)
    failed = stage.events("failed")
    assert [event["number"] for event in failed] == list(range(2, counted + 2))
    assert all(event["type"] == "ValueError" for event in failed)
    assert len(stage.events("stopped")) == len(kinds)


def test_its_frames_are_alive(lab: Lab, plain: Command) -> None:
    """At the prompt of a failure are the locals of all its frames, whatever was raised.

    An exception whose __str__ raises, a group, a chain, a traceback of 400 frames.
    """
    stage = Stage(lab, {"pm": "first"})
    started = stage.start(program(PROGRAM), "odd")
    seen = {}
    for _ in range(5):
        client = Client(path := stage.stop())
        function = facts(path)["function"]
        outermost, *_, innermost = client.ask(stack=True)["frames"]
        assert (outermost[2], innermost[2]) == ("worker", function)
        client.command("up 1000")
        seen[function] = client.ask(eval="task[3]")["value"], client.command("down 1000;;p n")
        client.command("c")
        client.close()
    names = "library", "mute", "group", "chain", "deep"
    assert list(seen) == list(names)
    assert {said.splitlines()[-1] for _, said in seen.values()} == {"1", "401"}
    assert {task for task, _ in seen.values()} == {"(1,)"}
    same_as(plain, started, "odd")


@pytest.mark.parametrize(
    ("where", "kind"), [("thread", "ValueError"), ("main", "RuntimeError")]
)
def test_threads_and_the_main_script(lab: Lab, plain: Command, where: str, kind: str) -> None:
    """What ends a thread or the script stands; what was caught and only shown does not."""
    stage = Stage(lab, {"pm": "all"})
    started = stage.start(program(PROGRAM), where)
    expect(stage, kind)
    same_as(plain, started, where)


def test_a_hook_of_the_program_is_called_all_the_same(lab: Lab, plain: Command) -> None:
    """Where its own excepthook never calls Python's, the script stands when it exits."""
    stage = Stage(lab, {"pm": "1"})
    started = stage.start(program(PROGRAM), "handled")
    assert started.wait_for("hook ValueError\n") == "hook ValueError\n"
    expect(stage, "ValueError")
    same_as(plain, started, "handled")


@pytest.mark.parametrize(
    ("pm", "standing", "counted"), [("2", 2, [3, 4, 5, 6]), ("all", 3, [])]
)
def test_so_many_of_a_kind(
    lab: Lab, plain: Command, pm: str, standing: int, counted: list[int]
) -> None:
    """--pm=2 holds the first two over all workers, --pm=all each."""
    stage = Stage(lab, {"pm": pm})
    started = stage.start(program(PROGRAM), "same")
    stops = stage.stops(standing)
    assert len({stop.parent for stop in stops}) == standing
    for stop in stops:
        release(stop)
    if pm == "all":
        for _ in range(3):
            release(stage.stop())
    same_as(plain, started, "same")
    assert [event["number"] for event in stage.events("failed")] == counted


def test_abort_fails_the_task_with_something_else(lab: Lab) -> None:
    """`abort` never reaches the worker's own loop: the task's result is what was asked for."""
    stage = Stage(lab, {"pm": "all"})
    started = stage.start(program(PROGRAM), "same", "fork")
    for _ in range(6):
        release(stage.stop(), "abort", **{"with": "OSError(n)"})
    done = started.finish().ok()
    assert sorted(re.findall(r"^OSError \d", done.out, re.MULTILINE)) == [
        f"OSError {n}" for n in range(6)
    ]
    assert not re.search(r"mpdebug/(agent|patch)", done.out)


@pytest.mark.parametrize("where", ["joblib", "kin"])
def test_kin_of_the_standard_library(lab: Lab, plain: Command, where: str) -> None:
    """Both of joblib's kinds of workers, multiprocess and billiard, where they are there."""
    for name in {"joblib": ["joblib"], "kin": ["billiard", "multiprocess"]}[where]:
        pytest.importorskip(name)
    stage = Stage(lab, {"pm": "first"})
    started = stage.start(program(PROGRAM), where)
    expect(stage, "ValueError", "KeyError")
    same_as(plain, started, where)


def test_post_mortem_in_a_worker(lab: Lab) -> None:
    """mpdebug.post_mortem() in an except block of a task; elsewhere it says what it wants."""
    stage = Stage(lab)
    script = lab.folder / "script.py"
    script.write_text(
        "import multiprocessing, mpdebug\n"
        "def work(n):\n"
        "    try:\n        return n / 0\n"
        "    except ZeroDivisionError:\n        mpdebug.post_mortem(header='look')\n"
        "    try:\n        mpdebug.post_mortem()\n"
        "    except RuntimeError as error:\n        return str(error)\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('fork').Pool(1) as pool:\n"
        "        print(pool.apply(work, (7,)))\n"
    )
    started = stage.start(str(script))
    client = Client(path := stage.stop())
    stop = facts(path)
    assert (stop["kind"], stop["header"], stop["line"]) == ("post_mortem", "look", 4)
    assert stop["exception"] == {"type": "ZeroDivisionError", "message": "division by zero"}
    assert client.command("p n").endswith("7\n")
    client.command("c")
    client.close()
    assert "belongs into an except block" in started.finish().ok().out
