"""Where everybody is: dumps as data, and equal stacks as one."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from mpdebug.cli import strangers
from mpdebug.diagnosis import steps
from mpdebug.diagnosis.stacks import fold
from mpdebug.model import Frame, Process, Stop
from mpdebug.model_stacks import ProcessStacks, ThreadStack
from mpdebug.observer import dumps, native, nudge, stacks
from mpdebug.views import stacks as view
from tests.histories import CWD, LIB
from tests.told_stacks import (
    ACQUIRES,
    FORKED,
    LOCKS,
    MAIN,
    RECEIVES,
    at,
    drawn,
    leaves,
    lib,
    process,
    told,
)

if TYPE_CHECKING:
    from pathlib import Path

DUMP = f"""\
Thread 0x00007f96345856c0 [My ] Thread] (most recent call first):
  File "{LIB}/threading.py", line 359 in wait
  File "/home/me/a\\xe9.py", line 5 in <lambda>
  ...

Current thread 0x00007f9634ff7b80 (most recent call first):
  File "/home/me/app.py", line 7 in genx
  File "/home/me/app.py", line 12 in <module>
"""
C_STACK = """
Current thread's C stack trace (most recent call first):
  Binary file "/bin/python3", at _Py_DumpStack+0x31 [0x55]
"""


@pytest.mark.parametrize("tail", ["", C_STACK, '  File "/home/me/to', "\n" + DUMP])
def test_a_dump_becomes_threads(tail: str) -> None:
    """All versions' dumps, cut off, doubled or with a C stack, give the same threads."""
    main, other = dumps.parse(DUMP + tail)
    assert [frame.function for frame in main.frames] == ["<module>", "genx"]
    assert (main.main, main.cut) == (True, False)
    assert (other.main, other.name, other.cut) == (False, "My ] Thread", True)
    assert other.frames[0] == Frame("/home/me/aé.py", 5, "<lambda>")
    assert dumps.parse(DUMP.replace(" [My ] Thread]", ""))[1].name == ""


def test_a_text_that_is_no_dump_has_no_threads() -> None:
    """A faults.txt with something else in it is no error."""
    assert dumps.parse("") == ()
    assert dumps.parse('garbage\n  File "x", line 1 in y\n') == ()


def test_a_method_is_told_with_its_class() -> None:
    """Where the source tells it: a function has none, nor has one inside a method."""
    path = lambda: None  # noqa: E731 - a function of this file
    file = __file__
    line = path.__code__.co_firstlineno
    (thread,) = dumps.named(
        [ThreadStack((Frame(file, line, test_a_method_is_told_with_its_class.__name__),))]
    )
    assert thread.frames[0].function == "test_a_method_is_told_with_its_class"
    assert thread.frames[0].source.startswith("path = lambda")
    line = ThreadStack.__init__.__code__.co_firstlineno  # made by dataclass: no such source
    gone = Frame("<string>", line, "__init__")
    assert dumps.named([ThreadStack((gone,))])[0].frames == (gone,)
    code = Console.print.__code__
    frame = Frame(code.co_filename, code.co_firstlineno + 30, "print")
    assert dumps.named([ThreadStack((frame,))])[0].frames[0].function == "Console.print"


def test_what_everybody_knows_is_shortened() -> None:
    """The parent's frames, the way to the loop and the inside of a call are left out."""
    assert [step.label for step in steps.steps(LOCKS)] == ["pool.worker", "SimpleQueue.get"]
    assert [step.label for step in steps.steps(at(31))] == ["pool.worker", "crunch"]
    wrapped = (Frame("/x/mpdebug/patch/lock_records.py", 59, "__enter__"),)
    enters = ["<module>", "SemLock.__enter__"]
    assert [step.label for step in steps.steps((MAIN, *wrapped))] == enters
    assert [step.label for step in steps.steps((MAIN, *wrapped, LOCKS[-1]))] == enters
    package = Frame("/usr/lib/python3.11/re/__init__.py", 166, "match")
    assert [step.label for step in steps.steps((MAIN, package))] == ["<module>", "re.match"]
    deep = [Frame(f"/x/site-packages/pandas/{n}.py", n, f"f{n}") for n in range(1, 9)]
    assert [step.label for step in steps.steps((MAIN, *deep))] == [
        "<module>", "f1", "… 6 more", "f8",
    ]  # fmt: skip


def test_equal_stacks_are_one_and_the_odd_one_stands_out() -> None:
    """Six that wait for work are one leaf, however deep; the shared part is there once."""
    many = [told(f"Worker-{n}", RECEIVES if n == 3 else LOCKS) for n in range(3, 9)]
    tree = fold([[told("Worker-1", at(31)), told("Worker-2", at(32)), *many]], cwd=CWD)
    (pool,) = tree.nodes
    assert (pool.steps[0].label, pool.names) == ("pool.worker", "Worker-1..8")
    found = leaves(tree.nodes)
    assert [leaf.names for leaf in found] == ["Worker-1", "Worker-2", "Worker-3..8"]
    assert [leaf.kind for leaf in found] == ["", "", "idle"]
    assert found[0].steps[0].source == "total += 1"


def test_idle_and_busy_are_told_apart() -> None:
    """Who waits for the next work is idle; who hands over a result or waits inside is not."""
    executor = lib("concurrent/futures/process.py", "_process_worker")
    thread = lib("concurrent/futures/thread.py", "_worker")
    queue = lib("multiprocessing/queues.py", "Queue.get")
    assert steps.idle(LOCKS)
    assert steps.idle((executor, queue))
    assert steps.idle((lib("threading.py", "Thread._bootstrap"), thread))
    assert steps.idle((lib("multiprocessing/forkserver.py", "main"),)) == steps.FOR_REQUESTS
    assert not steps.idle(at(31))
    assert not steps.idle((*at(31), queue))
    assert not steps.idle((*FORKED, lib("multiprocessing/queues.py", "SimpleQueue.put")))
    assert not steps.idle((MAIN, queue))


def test_threads_of_libraries_are_left_out_unless_they_are_stuck() -> None:
    """A Pool's threads that wait are counted only; a feeder that nobody reads is shown."""
    handler = (
        lib("threading.py", "Thread.run"),
        lib("multiprocessing/pool.py", "_handle_tasks"),
    )
    feeder = (lib("multiprocessing/queues.py", "Queue._feed"),)
    sends = (*feeder, lib("multiprocessing/connection.py", "_ConnectionBase.send_bytes"))
    one = told("Main", (MAIN,), handler, feeder)
    assert fold([[one]]).helpers == 2
    assert len(leaves(fold([[one]], all_threads=True).nodes)) == 3
    tree = fold([[told("Main", (MAIN,), sends)]])
    assert [leaf.who for leaf in leaves(tree.nodes)] == [("Main",), ("Main thread-1",)]


def test_samples_tell_what_is_stuck_and_what_moves() -> None:
    """Stuck: the same all the time and asleep. A line that runs in place is not stuck."""
    lines = (31, 33, 34)
    rounds = [
        [
            told("Worker-1", at(line)),
            told("Worker-2", (*at(12), ACQUIRES), waits="waits for an mp lock",
                 switches=number),
            told("Worker-3", at(50), waits="sleeps", switches=100 * number),
            told("Worker-4", LOCKS),
            told("Worker-5", at(60)),
        ]
        for number, line in enumerate(lines)
    ]  # fmt: skip
    tree = fold(rounds, cwd=CWD)
    kinds = {leaf.names: (leaf.kind, leaf.state) for leaf in leaves(tree.nodes)}
    assert kinds["Worker-1"] == ("moves", "moves: 3 places in 3 samples")
    assert kinds["Worker-2"][0] == "stuck"
    assert kinds["Worker-2"][1].endswith("in all 3 samples, waits for an mp lock")
    assert (
        kinds["Worker-3"][1] == kinds["Worker-5"][1] == "runs: the same line in all 3 samples"
    )
    assert kinds["Worker-4"][0] == "idle"
    assert "app.py:31..34" in drawn(tree)


def test_who_stands_at_a_breakpoint_is_told_as_such() -> None:
    """With the line of the program, and without the debugger's own frames."""
    debugger = (
        Frame(f"{LIB}/bdb.py", 90, "Bdb.trace_dispatch"),
        Frame("/x/mpdebug/agent/stops.py", 10, "stop"),
        lib("selectors.py", "select"),
    )
    one = told("Worker-1", (*at(42), *debugger))
    stop = Stop(one.process.key, one.process.pid, 0, "break", f"{CWD}/app.py", 42, "crunch", "")
    stands = dataclasses.replace(one, process=dataclasses.replace(one.process, stops=(stop,)))
    (leaf,) = leaves(fold([[stands]], cwd=CWD).nodes)
    assert (leaf.state, leaf.kind) == ("stopped at app.py:42", "stopped")
    assert [step.label for step in leaf.steps] == ["pool.worker", "crunch"]


def test_who_has_no_stack_is_one_line_for_each_reason() -> None:
    """It never spoils the rest."""
    silent = [ProcessStacks(process(f"Z-{n}"), why="zombie") for n in range(1, 5)]
    tree = fold([[told("Worker-1", at(31)), *silent]], cwd=CWD)
    assert (tree.asked, tree.answered) == (5, 1)
    assert tree.silent == (("zombie", "Z-1..4"),)


def test_locals_that_differ_are_told_side_by_side() -> None:
    """Equal lines are one, and what is not equal there is seen at once."""
    here = [
        ProcessStacks(
            process(f"Worker-{n}"),
            (
                ThreadStack(
                    at(31), main=True, locals=({}, {}, {}, {}, {}, {}, {"n": str(n % 2)})
                ),
            ),
        )
        for n in range(3)
    ]
    text = drawn(fold([here], cwd=CWD))
    assert "n = 0 ×2 · 1 Worker-1" in text


@pytest.mark.parametrize("width", [20, 80, 120])
def test_the_picture_keeps_its_width(width: int) -> None:
    """Nothing is wrapped into the tree; names cannot move the cursor."""
    one = told("W\x1b[2J", at(31))
    text = drawn(fold([[one]], cwd=CWD), width)
    assert "\x1b" not in text
    text = drawn(view.sample(), width)
    assert max(map(len, text.splitlines())) <= width
    assert width < 80 or "task  app.py:12  with cache_lock:" in text


SPIED = [
    {
        "thread_id": 7, "os_thread_id": os.getpid(), "thread_name": "MainThread",
        "frames": [
            {"name": "clock_nanosleep", "filename": "/usr/lib/libc.so.6", "line": 0},
            {"name": "time_sleep", "filename": "/usr/lib/libpython3.11.so.1.0", "line": 0},
            {"name": "f", "filename": f"{CWD}/app.py", "line": 4},
            {"name": "0x7f350644524a", "filename": "/usr/lib/libc.so.6", "line": 0},
        ],
    }
]  # fmt: skip


def test_the_frames_of_c_code_stand_below_the_programs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What py-spy says is folded as all stacks are; what it cannot read has its reason."""
    fake = tmp_path / "py-spy"
    refuses = "[ $5 = 1 ] && { echo no right >&2; exit 1; }"
    fake.write_text(f"#!/bin/sh\n{refuses}\necho '{json.dumps(SPIED)}'\n")
    fake.chmod(0o700)
    monkeypatch.setattr(native, "program", lambda: str(fake))
    (threads, none), refused = native.dump([os.getpid(), 1])
    assert (none, refused) == ("", ((), "py-spy: no right"))
    (leaf,) = leaves(fold([[ProcessStacks(process("Main"), threads)]]).nodes)
    assert leaf.who == ("Main",)
    assert [step.label for step in leaf.steps] == ["f", "time_sleep", "clock_nanosleep"]
    idle = (*LOCKS, Frame("/usr/lib/libc.so.6", 0, "sem_wait"))
    assert steps.idle(idle) == steps.FOR_WORK


def test_without_py_spy_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And shows what it can."""
    monkeypatch.setattr(native, "program", str)
    rounds = [[told("Main", (MAIN,))]]
    assert strangers.with_native(rounds) == rounds
    assert "pip install py-spy" in capsys.readouterr().err


def test_a_process_in_an_uninterruptible_call_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It cannot answer, and the kernel says why."""
    monkeypatch.setattr(nudge, "ask_stacks", lambda *_, **__: [("", "it did not answer")])
    monkeypatch.setattr(nudge, "read_status", lambda _: {"State": "D (disk sleep)"})
    found = stacks.take([process("Worker-1")])
    assert fold([found]).silent == (
        ("it did not answer; waits for the disk, uninterruptibly", "Worker-1"),
    )


def test_who_is_not_there_any_more_spoils_nothing(tmp_path: Path) -> None:
    """Processes that died since the run was read, a reused pid, a folder that is gone."""
    gone = Process("1-1-0", 2**22 - 1, 1, 1, "gone", "worker", alive=True, folder=str(tmp_path))
    reused = Process("2-1-0", os.getpid(), 1, 1, "reused", "worker", alive=True, folder="/x/y")
    strange = Process(
        "pid:3", 3, 0, 1, "x", "subprocess", observed=False, reason="not Python (x)"
    )
    found = stacks.take([gone, reused, strange])
    assert [one.why for one in found] == [
        nudge.GONE, nudge.GONE, "it is not observed: not Python (x)",
    ]  # fmt: skip
