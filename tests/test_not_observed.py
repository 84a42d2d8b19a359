"""What did not get in: children without a folder, and the reason of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mpdebug.diagnosis.deaths import explain
from mpdebug.observer import argv, unobserved
from mpdebug.observer.run import RunReader, read_run
from mpdebug.rundir import layout
from tests.harness import until
from tests.histories import (
    Writer,
    born,
    main,
    now,
    reaps,
    replay,
    spawned,
    started,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mpdebug.model import Process


@pytest.mark.parametrize(
    ("line", "flags", "name"),
    [
        ("python app.py -S", "", "python app.py"),
        ("/usr/bin/python3.13 -IBc pass", "BIc", "python3.13 -c"),
        ("python3 -X dev -W error -Sm app -E", "SWXm", "python3 -m app"),
        ("python3 -Wd -mapp", "Wm", "python3 -m app"),
        ("python3t -X importtime=1 - -I", "X", "python3t -"),
        ("env A=1 -u B python -E x.py", "E", "env"),
        ("python", "", "python"),
    ],
)
def test_flags_of_a_python_are_found(line: str, flags: str, name: str) -> None:
    """Only what stands before the script is python's; options with values are passed over."""
    python = argv.parse(line.split())
    assert python is not None
    assert python.flags == frozenset(flags)
    if not line.startswith("env"):
        assert argv.name_of(line.split()) == name


def test_a_fork_that_could_make_no_folder_is_known_by_its_end() -> None:
    """No descriptor was left: it told nobody of itself, and its parent read its status."""
    ends = reaps("MainProcess", "A", 0), reaps("MainProcess", "X", 1)
    run = replay([*main(), born("A"), *ends])
    assert [one.ended and one.ended.status for one in run.processes] == [None, 0, 1]
    (unknown,) = [one for one in run.processes if not one.observed]
    assert unknown.parent == run.processes[0].key


@pytest.mark.parametrize("line", ["git status", "/bin/sh -c python", "pythonic x", "env", ""])
def test_what_is_not_python_is_not_taken_for_it(line: str) -> None:
    """A shell that will start python is a shell."""
    assert argv.parse(line.split()) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("git status", "not Python (git)"),
        ("python -S x.py", "started with -S"),
        ("python -I x.py", "mpdebug door install"),
        ("python -sE x.py", "started with -E"),
        ("env -i python x.py", "env -i"),
        ("python3.8 x.py", "Python 3.8 is older than 3.11"),
        ("python2.7 x.py", "Python 2.7 is older than 3.11"),
        ("python tool.py", "left out by --only or --ignore"),
        ("python x.py", "no trace of it"),
    ],
)
def test_the_reason_is_told(line: str, why: str) -> None:
    """What the command line and the settings tell is named; nothing is guessed beyond."""
    assert why in unobserved.reason(tuple(line.split()), "", {"ignore": "*tool.py"})


def test_children_without_a_folder_are_listed(tmp_path: Path) -> None:
    """What a process said that it started, and what never made a folder, is not observed."""
    facts = [
        *main(),
        spawned("MainProcess", "git", "git", "status"),
        reaps("MainProcess", "git", 128),
        born("W", "subprocess", "exec"),
        spawned("MainProcess", "W", "python", "w.py"),
        started("MainProcess", "lost", "spawn", target="work"),
        spawned("MainProcess", "lost", "python", "-c", "from multiprocessing.spawn import …"),
        reaps("MainProcess", "lost", -9),
    ]
    Writer(tmp_path / "run", facts).write()
    run = read_run(str(tmp_path / "run"))
    strangers = {one.name: one for one in run.processes if not one.observed}
    assert set(strangers) == {"git", "lost"}
    git, lost = strangers["git"], strangers["lost"]
    assert (git.reason, git.ended.status if git.ended else 0) == ("not Python (git)", 128)
    assert git.parent == lost.parent == run.processes[0].key
    assert (lost.role, lost.method, lost.target) == ("worker", "spawn", "work")
    assert [one.process.name for one in explain(run) if one.bad and one.kind == "signal"] == [
        "lost"
    ]


def test_what_a_shell_started_stands_below_it(tmp_path: Path) -> None:
    """A python below a shell says whose child it is, though the shell has no folder."""
    facts = [
        *main(),
        spawned("MainProcess", "before", "sh", "old.sh"),
        reaps("MainProcess", "before", 0),
        spawned("MainProcess", "sh", "sh", "run.sh"),
        born("W", "subprocess", "exec", by="sh"),
        reaps("MainProcess", "sh", 0),
        born("late", "subprocess", "exec", by="sh"),
        born("other", "subprocess", "exec", by="before"),
    ]
    Writer(tmp_path / "run", facts).write()
    found = {one.name: one for one in read_run(str(tmp_path / "run")).processes}
    shells = [one.key for one in read_run(str(tmp_path / "run")).processes if not one.observed]
    assert found["W"].parent == shells[1]
    assert found["late"].parent == found["other"].parent == ""


def test_living_descendants_that_nobody_told_of_are_found(tmp_path: Path) -> None:
    """Below a shell nobody of ours is asked: /proc shows who is there, and why we are not."""
    code = f"exec 3<&0; {sys.executable} -S -c 'input()' <&3 & {sys.executable} -E -c 'input()'"
    with subprocess.Popen(
        ["/bin/sh", "-c", code], stdin=subprocess.PIPE, env={"PATH": os.environ["PATH"]}
    ) as shell:
        writer = Writer(tmp_path / "run", [], boot=layout.boot_id(), supervisor=_me())
        found: dict[str, Process] = {}

        def all_there() -> bool:
            living = [one for one in read_run(str(writer.path)).processes if one.alive]
            found.update(
                {one.reason.partition(":")[0].partition(";")[0]: one for one in living}
            )
            return {"started with -S", "started with -E"} <= set(found)

        until(all_there, "both pythons below the shell")
        shell.communicate()
    assert "not Python (sh)" in found
    parents = {one.pid: one.parent for one in found.values()}
    assert set(parents.values()) == {"", f"pid:{shell.pid}"}


def _me() -> dict[str, int | None]:
    return {"pid": os.getpid(), "start": layout.start_of()}


def test_a_child_that_was_just_started_is_not_a_stranger_yet(tmp_path: Path) -> None:
    """A Python takes a moment to make its folder: a living child so young is left out."""
    facts = [*main(), spawned("MainProcess", "me", "python", "w.py")]
    writer = Writer(tmp_path / "run", facts, boot=layout.boot_id(), supervisor=_me())
    writer.history.pids["me"] = os.getpid()
    young, old = now(), now() - 10**9 // 2
    for mono, listed in ((young, False), (old, True)):
        line = {**writer.history.event(1), "mono": mono}
        writer.write(0) if mono == young else None
        (writer.folder("MainProcess") / layout.EVENTS).write_text(json.dumps(line) + "\n")
        run = RunReader(str(writer.path)).refresh()
        assert any(not one.observed for one in run.processes) == listed
