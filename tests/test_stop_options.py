"""The options about stops: what they may be, what they change, and what is said at the end."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from mpdebug import env
from mpdebug.cli import options
from mpdebug.errors import SettingsError, UsageError
from mpdebug.rundir import layout
from tests.harness import PROGRAMS, program, until
from tests.stop_client import release

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Command, Handshake, Lab

pytestmark = pytest.mark.once

TELLS = (
    "from mpdebug.agent import process; s = process.here.settings;"
    "print(*(f'{n}={getattr(s, n)}' for n in s.__slots__), sep=chr(10))"
)


def line_of_stop() -> str:
    """Where stops_as_told.py stops, as it is told."""
    lines = (PROGRAMS / "stops_as_told.py").read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if "# here" in line]
    return f"stops_as_told.py:{number} in step"


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ([], "pm", ""),
        (["--pm"], "pm", "first"),
        (["--pm=all"], "pm", "all"),
        (["--pm=3"], "pm", "3"),
        (["--wait", "90"], "wait", "90"),
        (["--wait=0.50"], "wait", "0.5"),
        (["--script", "w;;c"], "script", "w;;c"),
        (["--breakpoints=Report"], "breakpoints", "report"),
        (["--prompt", "never"], "prompt", "never"),
        (["--signals", "60,SIGUSR1"], "signals", "60,10"),
        (["--signals=rtmax-1, RTMIN+2"], "signals", "63,36"),
        (["--fail-on-stop"], "fail_on_stop", True),
        (["--tcp"], "tcp", True),
    ],
)
def test_values_of_the_options(words: list[str], name: str, value: object) -> None:
    """Each option takes what its help says; --pm takes a value only behind `=`."""
    asked = options.parse([*words, "script.py"])
    assert getattr(asked, name) == value
    assert asked.program == ["script.py"]


@pytest.mark.parametrize(
    ("word", "told", "cure"),
    [
        ("--wait=soon", "--wait cannot be 'soon'", "--wait=60"),
        ("--wait=-1", "--wait cannot be '-1'", "--wait=60"),
        ("--wait=nan", "--wait cannot be 'nan'", "--wait=60"),
        ("--pm=some", "--pm cannot be 'some'", "first, all or a number"),
        ("--pm=0", "--pm cannot be '0'", "from 1 on"),
        ("--pm=", "--pm needs a value", "--pm=WHICH"),
        ("--script=", "--script needs a value", "--script=COMMANDS"),
        ("--breakpoints=go", "--breakpoints cannot be 'go'", "stop, report, ignore"),
        ("--prompt=always", "--prompt cannot be 'always'", "auto, never"),
        ("--signals=60", "wants two signals", "RTMAX-1,RTMAX-2"),
        ("--signals=60,60", "the same signal twice", "RTMAX-1,RTMAX-2"),
        ("--signals=60,SIGTERM", "cannot have SIGTERM", "SIGUSR1"),
        ("--signals=60,9", "cannot have 9", "SIGUSR1"),
        ("--signals=60,RTMAX+1", "cannot have RTMAX+1", "SIGUSR1"),
        ("--signals=60,SIGFOO", "cannot have SIGFOO", "SIGUSR1"),
        ("--tcp=4444", "--tcp takes no value", "--tcp"),
    ],
)
def test_wrong_values_are_told(word: str, told: str, cure: str) -> None:
    """A value that an option cannot have is refused, with what to type."""
    with pytest.raises(UsageError, match=told.replace("+", r"\+")) as caught:
        options.parse([word, "script.py"])
    assert cure in caught.value.cure
    assert caught.value.status == 2


def test_what_a_file_may_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyproject.toml sets --pm and --signals; --script and --tcp must be typed."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.mpdebug]\npm = true\nwait = 2.5\nsignals = ["60", "USR1"]\n')
    asked = options.parse(["script.py"])
    assert (asked.pm, asked.wait, asked.signals) == ("first", "2.5", "60,10")
    for line in ('script = "!import os"', "tcp = true"):
        file.write_text(f"[tool.mpdebug]\n{line}\n")
        with pytest.raises(SettingsError, match="not taken from a file"):
            options.parse(["script.py"])


def test_the_options_reach_every_process(mpdebug: Command) -> None:
    """What was asked for is in the settings of the process, and where our debugger is."""
    words = ["--breakpoints=ignore", "--pm", "--wait=3", "--script=w;;p x=1", "--signals=60,10"]
    done = mpdebug(*words, "--tcp", "-c", TELLS).ok()
    told = dict(line.split("=", 1) for line in done.out.splitlines())
    assert told["breakpoints"] == "ignore"
    assert (told["pm"], told["wait"], told["tcp"]) == ("first", "3", "True")
    assert (told["script"], told["signals"]) == ("w;;p x=1", "60,10")
    assert Path(told["remote_pdb"]).name == "remote_pdb.py"
    assert told["waits"] == "False", "there is no terminal"


@pytest.mark.parametrize(
    ("ci", "waits"), [(None, True), ("false", True), ("0", True), ("1", False)]
)
def test_stops_wait_where_somebody_looks(lab: Lab, ci: str | None, waits: bool) -> None:
    """At a terminal a stop waits, unless CI is set: there nobody comes."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "mpdebug", "-c", TELLS],
        env=lab.environment({"CI": ci}),
        encoding="utf-8",
        timeout=30,
        cwd=str(lab.folder),
    )
    child.expect(f"waits={waits}\r\n")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_stop_that_nobody_waits_for_fails_the_run(mpdebug: Command) -> None:
    """Without a terminal a stop goes on; --fail-on-stop makes that status 1, and says so."""
    done = mpdebug("--fail-on-stop", program("stops_as_told.py"), "fork", "2")
    assert done.status == 1
    assert done.out == "ended [0, 0]\n"
    assert "stopped 2 times at a breakpoint, and that fails the run" in done.err
    assert f"Kept: mpdebug logs {done.run_folder.name}" in done.err


def test_a_program_that_never_stops_does_not_fail(mpdebug: Command) -> None:
    """--fail-on-stop changes nothing where nothing stopped, nor where all is ignored."""
    done = mpdebug(
        "--fail-on-stop", "--breakpoints=ignore", program("stops_as_told.py"), "fork", "1"
    )
    assert (done.status, done.out, done.err) == (0, "ended [0]\n", "")


def test_a_status_of_the_programs_own_stays(mpdebug: Command) -> None:
    """A program that fails by itself keeps its exit status, whatever stopped."""
    done = mpdebug("--fail-on-stop", program("stops_as_told.py"), "fork", "1", "3")
    assert done.status == 3
    assert "stopped once at a breakpoint" in done.err


def test_equal_stops_are_announced_as_one(mpdebug: Command) -> None:
    """Stops that wait are told with the command that leads to them, together if equal."""
    words = ["--wait=60", "--fail-on-stop", program("stops_as_told.py"), "fork", "3"]
    started = mpdebug.start(*words, cwd=PROGRAMS)  # a short path: a line stays one line
    said = started.wait_for("mpdebug attach")
    runs = mpdebug.lab.state_home
    until(lambda: len([*runs.glob(f"*/*/p/*/{layout.STOPS}/*.json")]) == 3, "three stops")
    files = sorted(runs.glob(f"*/*/p/*/{layout.STOPS}/*.json"))
    for file in files:
        assert json.loads(file.read_text())["function"] == "step"
        release(file)
    done = started.finish()
    assert (done.status, done.out) == (1, "ended [0, 0, 0]\n")
    told = [line for line in done.err.splitlines() if "stopped at" in line]
    assert 1 <= len(told) <= 3, done.err
    assert all(line.count("mpdebug attach") == 1 for line in told)
    assert all(line_of_stop() in line and "Worker-" in line for line in told), said
    assert "stopped 3 times" in done.err


@pytest.mark.skipif(not env.HAS_PROC, reason="nobody tells that a process stands still")
def test_a_program_that_a_prompt_has_halted(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """While main is halted by `hold` we go on: another process ends, and that is told."""
    words = handshake()
    started = mpdebug.start("--wait=60", program("stops_beside.py"), words.path)
    started.wait_for("attach Worker-1")
    (stop,) = mpdebug.lab.state_home.glob(f"*/*/p/*/{layout.STOPS}/*.json")
    run, folder = stop.parents[3], stop.parents[1]
    (main,) = {path.name for path in folder.parent.iterdir()} - {folder.name}
    main_pid, worker = int(main.split("-")[0]), int(folder.name.split("-")[0])
    (run / layout.HELD).write_text(json.dumps({"pids": [main_pid]}))
    os.kill(main_pid, signal.SIGSTOP)
    stat = Path(f"/proc/{main_pid}/stat")
    until(lambda: stat.read_text().rpartition(") ")[2][0] == "T", "main stands still")
    os.kill(worker, signal.SIGKILL)
    exits = run / layout.EXITS
    until(lambda: exits.exists() and f'"pid": {worker},' in exits.read_text(), "it is told")
    os.kill(main_pid, signal.SIGCONT)
    words.say("end")
    assert started.finish().ok().out == "ended -9\n"
