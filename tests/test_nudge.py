"""A running process is entered by a signal, and goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpdebug.agent import guard
from mpdebug.agent import nudge as nudged
from mpdebug.diagnosis import faults
from mpdebug.model import Process
from mpdebug.observer import nudge
from mpdebug.rundir import layout, state
from tests.harness import program, until
from tests.stop_client import (
    Client,
    Stage,
    facts,
    processes,
    release,
    running,
    wait_for_sleep,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Both, Command, Handshake, Lab

WAITS = ("sleep", "read", "mp.Lock", "Queue", "Lock")


@pytest.fixture
def stage(lab: Lab) -> Stage:
    """Programs with the agent in them."""
    return Stage(lab)


def attach(stage: Stage, process: Process) -> Path:
    """Ask a process to stop where it is; its stop."""
    nudge.ask_attach(process, os.getpid())

    def stands() -> bool:
        assert nudge.nudge(process)[:9] in ("", "it blocks")  # it may be busy with a stop
        return bool(stage.new())

    until(stands, f"{process.name} stops")
    return stage.stop()


def test_a_waiting_call_is_entered_and_goes_on(
    stage: Stage, start_method: str, handshake: Callable[[], Handshake]
) -> None:
    """sleep, read, locks and queues: each is stopped where it waits, and then ends right."""
    ready, go = handshake(), handshake()
    started = stage.start(program("waits.py"), start_method, ready.path, go.path)
    assert sorted(ready.wait(len(WAITS))) == sorted(WAITS)
    found = processes(stage)
    for name in (*WAITS, "MainProcess"):
        wait_for_sleep(found[name])
        stop = attach(stage, found[name])
        assert facts(stop)["kind"] == "attach"
        client = Client(stop, "ask")
        frames = client.ask(stack=True)["frames"]
        client.close()
        assert ("wait" if name in WAITS else "<module>") in [frame[2] for frame in frames]
        release(stop)
    wait_for_sleep(found["sleep"])
    go.say("on")
    done = started.finish().ok()
    assert sorted(done.out.splitlines()) == sorted([
        "main on",
        "read b'abc'",
        "mp.Lock True",
        "Queue item",
        "Lock True",
        f"[{-signal.SIGTERM}, 0, 0, 0, 0]",
    ])  # fmt: skip


def test_abort_raises_where_it_was_entered(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """What `abort` asks for is raised in the program, at the line that was interrupted."""
    main, _, _ = running(stage, handshake)
    release(attach(stage, main), "abort", **{"with": "ValueError('enough')"})
    done = stage.lab.started[0].finish()
    assert done.status == 1
    assert done.err.splitlines()[-1] == "ValueError: enough"
    assert 'File "<string>", line 4, in <module>' in done.err
    assert "debugger.py" not in done.err


def test_an_abort_in_the_middle_of_our_own_work_reaches_the_program() -> None:
    """Our code swallows its own errors, not what somebody outside has asked for."""
    with pytest.raises(ValueError, match="enough"), guard.quiet:
        nudged.raise_from_outside(ValueError("enough"))


def test_asking_one_that_stands(stage: Stage, handshake: Callable[[], Handshake]) -> None:
    """A process that stands already stops once more when it was let go, at a new stop."""
    main, _, go = running(stage, handshake)
    stop = attach(stage, main)
    nudge.ask_attach(main, os.getpid())
    assert nudge.nudge(main) == ""
    client = Client(stop, "ask")  # answered after the nudge
    client.close()
    assert stage.standing() == [stop]
    release(stop)
    again = stage.stop()
    assert again.stem == "1"
    assert not stop.exists()
    release(again)
    go.say()
    assert stage.lab.started[0].finish().ok().out == "done\n"


def test_a_request_waits_until_an_import_is_done(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """In the middle of an import of the standard library nothing is loaded: ask again."""
    half = "import types\nhalf = types.ModuleType('zipapp')\n"
    half += "half.__spec__ = types.SimpleNamespace(_initializing=True)\n"
    half += "sys.modules['zipapp'] = half\n"
    half += "import signal\nsignal.signal(signal.SIGRTMAX, lambda *_:"
    half += " sys.modules.pop('zipapp') and print('imported', flush=True))\n"
    main, _, go = running(stage, handshake, half)
    nudge.ask_attach(main, os.getpid())
    assert nudge.nudge(main) == ""
    os.kill(main.pid, signal.SIGRTMAX)  # comes after the nudge, whose number is lower
    stage.lab.started[0].wait_for("imported", "stdout")
    assert Path(main.folder, layout.ASK).exists()
    assert not stage.standing()
    # As readers do: the first may be at its end still, and take the second for its own.
    until(lambda: nudge.nudge(main) == "" and stage.standing(), "it stands")
    release(stage.stop())
    go.say()
    assert stage.lab.started[0].finish().ok().out == "imported\ndone\n"


def test_a_prompt_interrupts_what_it_evaluates(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """Ctrl-C of a prompt ends its own command; the program never sees it."""
    main, ready, go = running(stage, handshake, "import time")
    client = Client(attach(stage, main))
    client.until("prompt")
    client.say({"line": "open(sys.argv[1], 'w').write('at it\\n'); time.sleep(120)"})
    assert ready.wait() == ["at it"]
    wait_for_sleep(main)
    client.say({"interrupt": True})
    assert nudge.nudge(main) == ""
    assert "prompt" in client.until("prompt")
    assert "KeyboardInterrupt" in json.dumps(client.said)
    client.command("c")
    client.close()
    go.say()
    assert stage.lab.started[0].finish().ok().out == "done\n"


def test_the_slots_look_free_to_the_program(both: Both) -> None:
    """getsignal, signal and faulthandler.unregister answer as in a plain run."""
    code = (
        "import faulthandler, signal, os\n"
        "mine = lambda *_: print('mine')\n"
        "for n in range(signal.SIGRTMAX - 8, signal.SIGRTMAX + 1):\n"
        "    print(n, signal.getsignal(n), signal.signal(n, mine))\n"
        "    os.kill(os.getpid(), n)\n"
        "    print(signal.signal(n, signal.SIG_DFL) is mine, faulthandler.unregister(n))\n"
        "try:\n    signal.signal(signal.SIGKILL, mine)\n"
        "except OSError as error:\n    print(error)\n"
    )
    both("-c", code, stderr=True)


def test_an_event_loop_does_not_notice(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """asyncio: the wake-up byte of a signal that it does not handle changes nothing."""
    ready = handshake()
    code = (
        "import asyncio, signal, sys\n"
        "async def main():\n"
        "    loop, over = asyncio.get_running_loop(), asyncio.Event()\n"
        "    loop.add_signal_handler(signal.SIGUSR1, over.set)\n"
        "    open(sys.argv[1], 'w').write('ready\\n')\n"
        "    await over.wait()\n"
        "    print('done')\n"
        "asyncio.run(main())\n"
    )
    started = stage.start("-c", code, ready.path)
    ready.wait()
    main = processes(stage)["MainProcess"]
    assert nudge.nudge(main) == ""
    release(attach(stage, main))
    os.kill(main.pid, signal.SIGUSR1)
    done = started.finish().ok()
    assert (done.out, done.err) == ("done\n", "")


def test_who_is_gone_or_another_or_halted_gets_nothing(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """A reused pid, an ended process, one that became another program, a halted one."""
    main, _, go = running(stage, handshake)
    other = Process("x", main.pid, main.start + 1, 1, "x", "main", folder=main.folder)
    assert nudge.nudge(other) == "it has ended"
    os.kill(main.pid, signal.SIGSTOP)
    until(lambda: nudge.read_status(main.pid)["State"].startswith("T"), "it is halted")
    assert nudge.nudge(main).startswith("it is halted")
    os.kill(main.pid, signal.SIGCONT)
    go.say()
    stage.lab.started[0].finish().ok()
    assert nudge.nudge(main) == "it has ended"


def test_what_became_another_program_gets_nothing(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """After an exec the pid and its start time are the same, but nobody handles the signal."""
    ready = handshake()
    code = "import os, sys\nos.execlp('sh', 'sh', '-c', 'echo > \"$0\"; read x', sys.argv[1])"
    started = stage.start("-c", code, ready.path)
    ready.wait()
    main = processes(stage)["MainProcess"]
    assert nudge.nudge(main).startswith("it does not handle signal")
    started.say("\n")
    started.finish()


def test_the_last_stack_of_all_threads(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """Asked for stacks, a process tells those of all its threads; that is no death of it."""
    body = (
        "import threading, time, logging\n"
        "def deep():\n    over.wait()\n"
        "over = threading.Event()\n"
        "one = threading.Thread(target=deep, daemon=True); one.start()\n"
    )
    main, _, go = running(stage, handshake, body)
    text, why = nudge.last_stack(main, 30)
    assert why == ""
    assert " in deep\n" in text
    assert text.endswith("in <module>")
    whole = (stage.run / "p" / main.key / layout.FAULTS).read_text()
    assert faults.parse(whole) is None
    os.kill(main.pid, signal.SIGSEGV)
    stage.lab.started[0].finish()
    found = faults.parse((stage.run / "p" / main.key / layout.FAULTS).read_text())
    assert found is not None
    assert found.reason == "Segmentation fault"
    assert not go.lines


def test_nudges_in_the_middle_of_records(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """A process that logs without pause is nudged and asked many times: no record is torn."""
    body = (
        "import logging, threading\n"
        "log = logging.getLogger('busy'); log.setLevel(20)\n"
        "over = []\n"
        "threading.Thread(target=lambda: over.append(sys.stdin.readline())).start()\n"
        "while not over:\n    log.info('y' * 500)\n"
    )
    ready = handshake()
    code = f"import sys\nopen(sys.argv[1], 'w').write('ready\\n')\n{body}"
    stage.start("-c", code, ready.path)
    ready.wait()
    main = processes(stage)["MainProcess"]
    for turn in range(60):
        assert nudge.nudge(main) == ""
        if turn % 20 == 0:
            release(attach(stage, main))
    stage.lab.started[0].say("\n")
    stage.lab.started[0].finish().ok()
    path = stage.run / "p" / main.key / layout.RECORDS
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [record["n"] for record in records] == list(range(len(records)))


def test_other_numbers_and_a_slot_that_is_ignored(
    stage: Stage, handshake: Callable[[], Handshake]
) -> None:
    """`--signals` chooses the numbers; one that was ignored before the start stays so."""
    stage.settings["signals"] = "61,62"
    ready, go = handshake(), handshake()
    code = (
        "import sys\nopen(sys.argv[1], 'w').write('ready\\n')\nopen(sys.argv[2]).readline()\n"
    )
    started = stage.start(
        "-c", code, ready.path, go.path,
        preexec_fn=lambda: signal.signal(62, signal.SIG_IGN),
    )  # fmt: skip
    ready.wait()
    main = processes(stage)["MainProcess"]
    assert nudge.nudge(main) == "the program uses that signal itself"
    assert " in <module>" in nudge.last_stack(main, 30)[0]
    go.say()
    started.finish().ok()


@pytest.mark.leaves("run")
def test_a_handler_that_python_does_not_know_of_is_left(plain: Command) -> None:
    """install() in the middle of a program's life: a handler made in C stays as it is."""
    code = (
        "import faulthandler, os, signal, sys\n"
        "number = signal.SIGRTMAX - 4\n"
        "faulthandler.register(number, file=open(sys.argv[1], 'w'), chain=False)\n"
        "import mpdebug; mpdebug.install()\n"
        "os.kill(os.getpid(), number)\n"
        "print(open(sys.argv[1]).read().count('most recent call first'))\n"
    )
    done = plain("-c", code, plain.lab.folder / "own.txt").ok()
    assert done.out == "1\n"
    (path,) = plain.lab.state_home.glob("mpdebug/*/p/*/process.json")
    assert json.loads(path.read_text())["signals"]["stacks"] == signal.SIGRTMAX - 6


def test_a_task_that_was_torn_heals_with_the_next(tmp_path: Path) -> None:
    """An abort in the middle of noting a task: the next one can be read again."""
    path = str(tmp_path / layout.STATE)
    writer = state.StateWriter(path)
    writer.words[state.SEQUENCE] += 1
    assert state.read_task(path) is None
    writer.task(b"{}", 5)
    assert state.read_task(path) == (state.RUNNING, 5, b"{}")
    writer.close()
