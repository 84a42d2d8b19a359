"""Where everybody is: dumps as data, equal stacks as one, and real processes that are asked."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from mpdebug.diagnosis import steps
from mpdebug.diagnosis.stacks import fold
from mpdebug.model import Frame, Process, Stop
from mpdebug.model_stacks import ProcessStacks, StackNode, ThreadStack
from mpdebug.observer import dumps, nudge, stacks
from mpdebug.observer.run import read_run
from mpdebug.views import stacks as view
from tests import leftovers
from tests.harness import program, until
from tests.histories import CWD, LIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mpdebug.model_stacks import StackTree
    from tests.harness import Command, Handshake, Lab
    from tests.terminals import AtTerminal

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


def lib(path: str, function: str, line: int = 1) -> Frame:
    """A frame of the standard library."""
    return Frame(f"{LIB}/{path}", line, function)


def own(function: str, line: int, source: str = "") -> Frame:
    """A frame of the program."""
    return Frame(f"{CWD}/app.py", line, function, source)


MAIN = own("<module>", 40, "main()")
FORKED = (
    MAIN,
    lib("multiprocessing/popen_fork.py", "Popen._launch"),
    lib("multiprocessing/process.py", "BaseProcess._bootstrap"),
    lib("multiprocessing/process.py", "BaseProcess.run"),
    lib("multiprocessing/pool.py", "worker", 114),
)
GETS = (*FORKED, lib("multiprocessing/queues.py", "SimpleQueue.get"))
RECEIVES = (*GETS, lib("multiprocessing/connection.py", "Connection._recv"))
LOCKS = (*GETS, lib("multiprocessing/synchronize.py", "SemLock.__enter__"))
ACQUIRES = lib("multiprocessing/synchronize.py", "SemLock.acquire")
MAPS = lib("multiprocessing/pool.py", "mapstar")


def at(line: int) -> tuple[Frame, ...]:
    """A worker in its task."""
    return (*FORKED, MAPS, own("crunch", line, "total += 1"))


def process(name: str, **facts: Any) -> Process:
    """A living process of this name."""
    pid = 100 + sum(map(ord, name))
    return Process(f"{pid}-1-0", pid, 1, 1, name, "pool worker", alive=True, **facts)


def told(name: str, *threads: tuple[Frame, ...], **facts: Any) -> ProcessStacks:
    """What a process told, its main thread first."""
    found = tuple(
        ThreadStack(frames, number, main=number == 0) for number, frames in enumerate(threads)
    )
    return ProcessStacks(process(name), found, **facts)


def drawn(tree: StackTree, width: int = 80) -> str:
    """The picture as plain text."""
    console = Console(file=io.StringIO(), width=width, no_color=True)
    with console.capture() as captured:
        console.print(view.stacks(tree, cwd=CWD))
    return captured.get()


def leaves(nodes: tuple[StackNode, ...]) -> list[StackNode]:
    """The ends of all stacks."""
    return [
        leaf for node in nodes for leaf in (leaves(node.children) if node.children else [node])
    ]


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


def look(folder: Path) -> tuple[StackTree, dict[str, StackNode]]:
    """The stacks of a run, and the end of each by its innermost step."""
    run = read_run(str(folder))
    tree = fold([stacks.take(stacks.to_ask(run), 30.0)], cwd=run.cwd)
    return tree, {leaf.steps[-1].label: leaf for leaf in leaves(tree.nodes) if leaf.steps}


def stand_still(folder: Path) -> None:
    """Wait until everybody in stands_still.py stands where it will stay."""
    states = {
        "SimpleQueue.get": (2, steps.FOR_WORK),
        "sleep_long": (1, "sleeps"),
        "SemLock.__enter__": (1, "waits for an mp lock"),
    }

    def stand() -> bool:
        found = look(folder)[1].items()
        now = {label: (len(leaf.who), leaf.state) for label, leaf in found}
        return now.items() >= states.items()

    until(stand, "two are idle, one sleeps and one waits for a lock")


def test_where_a_real_pool_is(
    mpdebug: Command, lab: Lab, start_method: str, handshake: Callable[[], Handshake]
) -> None:
    """One waits for a lock, one sleeps, two are idle; what is no Python has its line."""
    ready = handshake()
    started = mpdebug.start(program("stands_still.py"), start_method, ready.path)
    assert sorted(ready.wait(2)) == ["lock", "sleep"]
    (folder,) = leftovers.runs(lab.state_home)
    stand_still(folder)
    tree, found = look(folder)
    assert [step.label for step in found["SemLock.__enter__"].steps if step.own] == [
        "task", "want_lock",
    ]  # fmt: skip
    assert "with lock:" in drawn(tree, 120)
    assert tree.helpers == 3
    assert {"sleep", "true"} <= {name for _, name in tree.silent}
    assert any(why.startswith("zombie") for why, _ in tree.silent)
    started.say("\n")
    started.finish()


def test_the_command_answers_with_locals_and_samples(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """Text with the program's source and locals; JSON for each process and sample."""
    ready = handshake()
    started = mpdebug.start(program("stands_still.py"), "fork", ready.path)
    ready.wait(2)
    until(
        lambda: "seconds = 100" in mpdebug("stacks", "--locals").ok().out,
        "the sleeper tells its locals",
    )
    text = mpdebug("stacks", "--locals", env={"COLUMNS": "80"}).ok().out
    assert "time.sleep(seconds)" in text
    assert max(map(len, text.splitlines())) <= 80
    said = mpdebug("stacks", "--json", "--samples", "2", "--process", "ForkPoolWorker-*").ok()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert sorted(row["sample"] for row in rows) == [0] * 4 + [1] * 4
    assert all(row["threads"][0]["frames"][-1]["file"] for row in rows)
    halted = rows[0]["pid"]
    os.kill(halted, signal.SIGSTOP)
    try:
        until(
            lambda: nudge.read_status(halted).get("State", "").startswith("T"), "it is halted"
        )
        row = json.loads(mpdebug("stacks", "--json", "--process", str(halted)).ok().out)
        assert row["why"].startswith("it is halted")
        assert row["threads"] == []
    finally:
        os.kill(halted, signal.SIGCONT)
    wrong = mpdebug("stacks", "--process", "nobody")
    assert (wrong.status, "is called nobody" in wrong.err) == (2, True)
    started.say("\n")
    started.finish()


def test_a_process_of_no_run_is_told_as_the_kernel_sees_it(mpdebug: Command) -> None:
    """The test itself is not under mpdebug: what its threads wait for, and how to get more."""
    said = mpdebug("stacks", str(os.getpid())).ok().out
    assert f"{os.getpid()} is not under mpdebug" in said
    assert "python -m mpdebug" in said
    assert "py-spy" in said or "--native" in said
    row = json.loads(mpdebug("stacks", "--json", str(os.getpid())).ok().out)
    assert row["threads"][0]["tid"] == os.getpid()


def test_the_quit_key_shows_everybody_and_ends_nobody(
    at_terminal: Callable[..., AtTerminal],
    start_method: str,
    handshake: Callable[[], Handshake],
) -> None:
    """Ctrl-backslash in the running terminal; a child that is no Python dies, as without us."""
    ready = handshake()
    it = at_terminal(program("stands_still.py"), start_method, ready.path)
    ready.wait(2)
    stand_still(it.run())
    for _ in range(2):
        it.type("\x1c")
        it.see(r": \d of \d processes")
        it.see_all("PoolWorker-", r"want_lock  \S+stands_still.py:\d+  with lock:")
        it.see("MainProcess")
        it.see("zombie: it has ended")
    it.type("\r")
    assert it.end()[0] == 0


OWN = """\
import signal, sys
print(signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL, flush=True)
if sys.argv[1:]:
    signal.signal(signal.SIGQUIT, eval(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize(
    ("handler", "status"),
    [("lambda *_: print('own')", 0), ("signal.SIG_DFL", -signal.SIGQUIT), ("", 0)],
)
def test_the_programs_own_handling_of_the_quit_key_wins(
    at_terminal: Callable[..., AtTerminal], tmp_path: Path, handler: str, status: int
) -> None:
    """It finds the default; what it sets itself is what happens, also the default."""
    script = tmp_path / "own.py"
    script.write_text(OWN)
    it = at_terminal(str(script), *([handler] if handler else []))
    it.see("True\r\n")
    it.see("ready\r\n")
    it.type("\x1c")
    if status == 0:
        it.see("own\r\n" if "own" in handler else "sys.stdin.readline()")
        it.type("\r")
    assert it.end()[0] == status


def test_a_program_at_a_terminal_can_end_itself_by_sigquit(
    at_terminal: Callable[..., AtTerminal],
) -> None:
    """What it sends to itself is not the key."""
    it = at_terminal("-c", "import os, signal; os.kill(os.getpid(), signal.SIGQUIT)")
    assert it.end()[0] == -signal.SIGQUIT


def test_without_a_terminal_sigquit_is_untouched(mpdebug: Command) -> None:
    """Nothing handles it, and it ends the program."""
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGQUIT)\nsignal.pause()"
    assert mpdebug("-c", code).status == -signal.SIGQUIT
