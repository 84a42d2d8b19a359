"""Deaths by signal: which, by whom, and where."""

from __future__ import annotations

import pytest

from mpdebug.diagnosis.deaths import explain
from tests.diagnosed import (
    ABRT,
    BUS,
    KILL,
    SEGFAULT,
    SEGV,
    TERM,
    XCPU,
    Case,
    check,
    check_in_all_orders,
    said,
    worker,
)
from tests.histories import born, faults, goodbye, main, reaps, replay, seen, sends, spawned

WRAPPED = """\
Fatal Python error: Bus error

Current thread 0x00007f8eeda47b80 (most recent call first):
  File "/opt/mpdebug/patch/endings.py", line 120 in kill
  File "/home/me/app.py", line 5 in work
"""
NAMED = "perhaps by kill (pid 102), which MainProcess started at app.py:9"

CASES = [
    Case(
        "a worker that kills itself is told so",
        worker(sends("W", "W", KILL, "os.kill", "/home/me/app.py:5"), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "itself, at app.py:5"},
    ),
    Case(
        "of a kill that nobody was seen to send, only that is said",
        worker(seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "nobody observed: outside, a started command, C code or the system"},
    ),
    Case(
        "a SIGTERM from outside at one worker is told",
        worker(seen("W", -TERM)),
        "W",
        "signal",
        "killed by SIGTERM",
        says={"sent by": "nobody observed: outside"},
    ),
    Case(
        "a sibling that kills is named",
        [
            *main(),
            born("A"),
            born("B"),
            sends("B", "A", KILL, "os.kill", "/home/me/b.py:7"),
            seen("A", -KILL),
            goodbye("B", "returned"),
            seen("B", 0),
        ],
        "A",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "B (pid 102) by os.kill at b.py:7"},
    ),
    Case(
        "os.kill with SIGKILL by the parent at a worker is told, and who did it",
        worker(
            sends("MainProcess", "W", KILL, "os.kill", "/home/me/app.py:8"), seen("W", -KILL)
        ),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "its parent, by os.kill at app.py:8"},
    ),
    Case(
        "another signal that was sent before is not the cause",
        worker(sends("MainProcess", "W", TERM, "Process.terminate"), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "outside"},
    ),
    Case(
        "the OOM killer is told apart from a plain SIGKILL",
        worker(seen("W", -KILL, oom=True, maxrss=203_776)),
        "W",
        "oom",
        "killed by the kernel's OOM killer",
        says={"memory": "199 MB", "cure": "memory"},
    ),
    Case(
        "an OOM kill elsewhere is no excuse for who sent the SIGKILL",
        worker(sends("W", "W", KILL), seen("W", -KILL, oom=True)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "itself"},
    ),
    Case(
        "the parent's figure of memory is used where the supervisor has none",
        worker(seen("W", -KILL, oom=True), reaps("MainProcess", "W", -KILL, maxrss=102_400)),
        "W",
        "oom",
        "killed by the kernel's OOM killer",
        says={"memory": "100 MB"},
    ),
    Case(
        "a segmentation fault shows the program's line and what it called",
        worker(faults("W", SEGFAULT), seen("W", -SEGV)),
        "W",
        "signal",
        "killed by SIGSEGV (invalid memory access)",
        says={"at": "app.py:5 in work, in its call of ctypes/__init__.py:519 in string_at"},
        silent=("sent by",),
    ),
    Case(
        "a crash without a report of faulthandler is told all the same",
        worker(seen("W", -SEGV)),
        "W",
        "signal",
        "killed by SIGSEGV (invalid memory access)",
        silent=("at", "sent by"),
    ),
    Case(
        "the program's own faulthandler has the stack, and we say where it went",
        worker(seen("W", -SEGV), faults="program"),
        "W",
        "signal",
        "killed by SIGSEGV (invalid memory access)",
        says={"stack": "own faulthandler"},
    ),
    Case(
        "stacks that were only asked for are no crash",
        worker(faults("W", SEGFAULT.partition("\n\n")[2]), seen("W", -SEGV)),
        "W",
        "signal",
        "killed by SIGSEGV (invalid memory access)",
        silent=("at",),
    ),
    Case(
        "SIGBUS comes with the usual reason",
        worker(seen("W", -BUS)),
        "W",
        "signal",
        "killed by SIGBUS (memory that is not there)",
        says={"cure": "/dev/shm"},
    ),
    Case(
        "SIGXCPU is a limit, not an attack",
        worker(seen("W", -XCPU)),
        "W",
        "signal",
        "killed by SIGXCPU (its CPU time limit, RLIMIT_CPU, is used up)",
        silent=("sent by",),
    ),
    Case(
        "an abort is named",
        worker(seen("W", -ABRT)),
        "W",
        "signal",
        "killed by SIGABRT (abort)",
    ),
    Case(
        "a crash of a program that is not Python is told",
        [
            *main(),
            spawned("MainProcess", "convert", "convert", "x"),
            reaps("MainProcess", "convert", -SEGV),
        ],
        "convert",
        "signal",
        "killed by SIGSEGV (invalid memory access)",
    ),
    Case(
        "a kill that the program started, and that was there then, is named",
        worker(
            spawned("MainProcess", "kill", "/bin/kill", "-9", "101", where="/home/me/app.py:9"),
            spawned(
                "MainProcess", "other", "sh", "-c", "killall them", where="/home/me/x.py:1"
            ),
            seen("W", -KILL),
            reaps("MainProcess", "kill", 0),
        ),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": NAMED},
    ),
    Case(
        "a kill that was over long before is not the cause",
        worker(
            spawned("MainProcess", "kill", "kill", "-9", "101"),
            reaps("MainProcess", "kill", 1),
            seen("W", -KILL, at=5000),
        ),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "nobody observed"},
    ),
    Case(
        "a kill of another process is not the cause",
        worker(spawned("MainProcess", "kill", "kill", "-9", "77"), seen("W", -KILL)),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "nobody observed"},
    ),
    Case(
        "a command that only has the word in it is not the cause",
        worker(
            spawned("MainProcess", "skill", "skill", "--kill", "roadkill.py"),
            seen("W", -KILL),
        ),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "nobody observed"},
    ),
    Case(
        "a shell that kills itself is told so",
        [
            *main(),
            spawned("MainProcess", "sh", "sh", "-c", "kill -9 $$"),
            reaps("MainProcess", "sh", -KILL),
        ],
        "sh",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "perhaps itself"},
    ),
    Case(
        "a SIGBUS that somebody sent has nothing to do with memory, nor do we show ourselves",
        worker(
            sends("W", "W", BUS, where="/home/me/app.py:5"),
            faults("W", WRAPPED),
            seen("W", -BUS),
        ),
        "W",
        "signal",
        "killed by SIGBUS",
        says={"sent by": "itself, at app.py:5", "at": "app.py:5 in work"},
        silent=("cure",),
    ),
    Case(
        "a SIGXCPU that somebody sent is no limit",
        worker(sends("MainProcess", "W", XCPU), seen("W", -XCPU)),
        "W",
        "signal",
        "killed by SIGXCPU",
        silent=("cure",),
    ),
    Case(
        "the -c of a spawned child is no place in the program",
        worker(
            sends("W", "W", KILL, "os.kill", "<string>:1"), seen("W", -KILL), method="spawn"
        ),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"sent by": "itself, by os.kill"},
    ),
    Case(
        "a spawned child that is killed on its way is told so",
        worker(seen("W", -KILL), method="spawn", named=False),
        "W",
        "signal",
        "killed by SIGKILL",
        says={"when": "before it reached its target"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_death_by_signal_is_explained(case: Case) -> None:
    """The signal, who sent it and the stack are told as far as somebody wrote them down."""
    check(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_order_of_reading_signals_changes_nothing(case: Case) -> None:
    """The files of many processes are read in any order: the same is said of all orders."""
    check_in_all_orders(case)


def test_a_stack_is_told_without_our_wrappers() -> None:
    """The innermost line is the program's, of which os.kill is no line of ours."""
    facts = worker(sends("W", "W", BUS), faults("W", WRAPPED), seen("W", -BUS))
    (death,) = explain(replay(facts))
    assert [(one.file, one.line) for one in death.frames] == [("/home/me/app.py", 5)]
    assert said(death)["at"] == "app.py:5 in work"
