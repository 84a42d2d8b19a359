"""Deaths of real processes as they are told while a run goes on, and by `mpdebug deaths`."""

from __future__ import annotations

import io
import json
import re
import signal
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from mpdebug.model import Death, Process
from mpdebug.observer.run import read_run
from mpdebug.views import deaths as views
from tests.harness import program
from tests.histories import Writer, born, main, raises, record, seen

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from tests.harness import Both, Command, Finished

pytestmark = pytest.mark.one_way

# How `ends.py` ends → the sentence, and words of the details.
ENDS = {
    "SIGKILL": ("was killed by SIGKILL", ["sent by      itself, at", "{signal.SIGKILL}"]),
    "SIGTERM": ("was killed by SIGTERM", ["sent by      itself", "{signal.SIGTERM}"]),
    "SIGSEGV": ("was killed by SIGSEGV (invalid memory access)", ["{string_at} in work"]),
    "SIGABRT": ("was killed by SIGABRT (abort)", ["{os.abort} in work"]),
    "os._exit": ("ended by os._exit(3)", ["{os._exit(}", "no flush"]),
    "exception": ("died of ValueError: lost data", ["{raise } in work: raise"]),
    "sys.exit": ("ended by sys.exit('bad input')", ["{sys.exit(}"]),
}
"""A word in braces stands for `file:line` of the line that has it."""


def place(name: str, words: str) -> str:
    """`file:line` of the first line of a program that has these words."""
    with open(program(name)) as file:  # noqa: PTH123
        number = next(n for n, line in enumerate(file, 1) if words in line)
    return f"{name}:{number}"


def notices(ended: Finished) -> str:
    """What was said of deaths on stderr: the lines of ours."""
    lines = ended.err.splitlines()
    return "\n".join(line for line in lines if line.startswith(("mpdebug: ", "  ")))


def test_a_mistake_at_the_prompt_is_no_death(mpdebug: Command) -> None:
    """An interactive session prints the error of a line and goes on: nobody died."""
    session = "[sys.executable, '-i', '-q'], input=b'nothing\\n', stderr=-3, check=True"
    ended = mpdebug("-c", f"import subprocess, sys; subprocess.run({session})").ok()
    assert notices(ended) == "", str(ended)


@pytest.mark.parametrize("how", ENDS)
def test_a_death_is_told_with_its_cause(mpdebug: Command, how: str, start_method: str) -> None:
    """Every way to end violently, under every start method, in the running terminal."""
    ended = mpdebug(program("ends.py"), how, start_method).ok()
    sentence, words = ENDS[how]
    heads = [line for line in ended.err.splitlines() if line.startswith("mpdebug: w (pid ")]
    assert len(heads) == 1, str(ended)
    assert heads[0].endswith(sentence), str(ended)
    for word in words:
        text = re.sub(r"{(.*)}", lambda found: place("ends.py", found[1]), word)
        assert text in notices(ended)
    assert "processes died (w: " in ended.err.splitlines()[-1]


def test_a_ctrl_c_while_the_end_is_noted_shows_nothing_of_ours(both: Both) -> None:
    """The screen is as without us, and what ended the program is told all the same."""
    script = program("interrupted_at_exit.py")
    _, ours = both(script, options=["--keep"])
    assert "Exception ignored" not in ours.err
    (died,) = [one.goodbye for one in ours.run.processes]
    assert died is not None
    assert died.raised is not None
    assert died.raised.type.endswith("Wrong")
    _, ours = both(script, "with multiprocessing")
    told = [line for line in ours.err.splitlines() if "Exception ignored" in line]
    assert [line.partition(" at 0x")[0].replace(":", "") for line in told] == [
        "Exception ignored in atexit callback <function _exit_function"
    ], "which would have had it without us"


def test_what_fails_outside_the_target_is_not_called_an_exit(mpdebug: Command) -> None:
    """Nobody called sys.exit: multiprocessing met an exception of its own or of a signal's."""
    ended = mpdebug(program("fails_before_its_target.py")).ok()
    assert ended.out == "1\n"
    told = notices(ended)
    assert "early (pid" in told, str(ended)
    assert "ended with status 1" in told
    assert "an exception before or after its target" in " ".join(told.split())
    assert "sys.exit" not in told


def test_what_fails_before_its_bootstrap_is_not_called_an_exit(mpdebug: Command) -> None:
    """The os._exit that ends a forked child is multiprocessing's, not the program's."""
    code = (
        "import multiprocessing\n"
        "class Early(multiprocessing.get_context('fork').Process):\n"
        "    def _bootstrap(self, *args, **kwargs): raise KeyError('early')\n"
        "p = Early(); p.start(); p.join(); print(p.exitcode)\n"
    )
    ended = mpdebug("-c", code).ok()
    assert ended.out == "1\n"
    told = " ".join(notices(ended).split())
    assert "ended with status 1" in told
    assert "an exception before or after its target, which" in told
    assert "os._exit" not in told


def test_a_death_is_told_at_once(mpdebug: Command) -> None:
    """The crash is on the screen while the program still waits for the lost task."""
    running = mpdebug.start(program("tasks_in_hand.py"), "pool", "fork", "wait", stdin=-1)
    running.wait_for("never re-runs a lost task")
    assert running.said["stdout"] == b""
    assert running.finish().ok().out == "no result\n"


def test_deaths_shows_them_again(mpdebug: Command, start_method: str) -> None:
    """From the kept run: the cause, the stack with source lines, the last records."""
    mpdebug(program("ends.py"), "SIGSEGV", start_method).ok()
    said = mpdebug("deaths").ok().out
    assert "w (pid " in said
    assert "was killed by SIGSEGV" in said
    assert "ctypes.string_at(0)" in said
    assert "last words" in said


def test_an_exception_is_shown_with_its_chain(mpdebug: Command, start_method: str) -> None:
    """The traceback of the other process, as Python prints it, with what it came from."""
    mpdebug(program("dies.py"), "chain", start_method).ok()
    said = mpdebug("deaths", "last").ok().out
    assert "KeyError: 'host'" in said
    assert "The above exception was the direct cause" in said
    assert 'raise OSError("no settings") from error' in said


@pytest.mark.parametrize("kind", ["pool", "executor"])
def test_a_lost_task_is_told(mpdebug: Command, kind: str, start_method: str) -> None:
    """Which task the worker had in hand, where it came from, and who waits for it in vain."""
    ended = mpdebug(program("tasks_in_hand.py"), kind, start_method).ok()
    said = " ".join(notices(ended).split())
    call = "Pool.map_async" if kind == "pool" else "ProcessPoolExecutor.map"
    assert f"was running work(3), submitted by {call} at " in said
    words = "pool.map_async" if kind == "pool" else "executor.map"
    assert place("tasks_in_hand.py", words) in said
    assert (
        "never re-runs a lost task" if kind == "pool" else "raises BrokenProcessPool"
    ) in said


def test_a_pool_whose_initializer_fails_is_told_once(
    mpdebug: Command, start_method: str
) -> None:
    """A few workers one by one, all others as a count; the report is one."""
    ended = mpdebug(program("dies.py"), "initializer", start_method).ok()
    assert 1 <= ended.err.count("in the initializer of its Pool") <= 3
    said = mpdebug("deaths").ok().out
    assert said.count("died of RuntimeError: no database") == 1
    assert "  ×" in said


@pytest.mark.parametrize("how", ["terminate", "kill", "daemon", "returns"])
def test_an_end_that_was_meant_is_not_told(
    mpdebug: Command, how: str, start_method: str
) -> None:
    """terminate(), a daemon at exit, a normal end: nothing on stderr, no folder kept."""
    assert mpdebug(program("dies.py"), how, start_method).ok().err == ""


def test_a_meant_end_is_told_when_asked(mpdebug: Command, start_method: str) -> None:
    """In a kept run `deaths` is silent about it, and `deaths --all` is not."""
    mpdebug("--keep", program("dies.py"), "terminate", start_method).ok()
    assert "none of" in mpdebug("deaths").ok().out
    assert "ended by its parent with SIGTERM" in mpdebug("deaths", "--all").ok().out


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_an_unguarded_main_module_has_a_cure(mpdebug: Command, method: str) -> None:
    """The child falls before its target (from 3.14 on the forkserver falls)."""
    ended = mpdebug(program("unguarded.py"), method)
    said = " ".join(notices(ended).split())
    assert re.search(r"mpdebug: (w|forkserver) \(pid ", said)
    assert "died before reaching its target: RuntimeError" in said
    assert 'unguarded.py under if __name__ == "__main__":' in said


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_target_of_what_no_child_runs_has_a_cure(mpdebug: Command, method: str) -> None:
    """To define it at the top does not help where it stands in -c or in a __main__.py."""
    code = (
        "import multiprocessing\n"
        "def work(): pass\n"
        f"p = multiprocessing.get_context({method!r}).Process(target=work)\n"
        "p.start(); p.join()\n"
    )
    ended = mpdebug("-c", code).ok()
    assert "put work into a module of its own" in " ".join(notices(ended).split())


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_what_cannot_be_pickled_is_told_with_the_cure(mpdebug: Command, method: str) -> None:
    """The main process's own traceback stands there already: a head and the cure are added."""
    ended = mpdebug(program("dies.py"), "lambda", method)
    assert ended.status == 1
    assert "use a function at the top of a module" in " ".join(notices(ended).split())


def test_a_limit_is_told_from_an_attack(mpdebug: Command) -> None:
    """RLIMIT_CPU ends a process by SIGXCPU: nobody sent it."""
    ended = mpdebug(program("dies.py"), "cpu", "fork").ok()
    assert "its CPU time limit, RLIMIT_CPU, is used up" in " ".join(notices(ended).split())
    assert "sent by" not in notices(ended)


def test_a_crash_whose_stack_went_elsewhere_is_told(mpdebug: Command) -> None:
    """The program set up faulthandler for itself: the death is told without a stack of ours."""
    ended = mpdebug(program("dies.py"), "unseen", "fork").ok()
    assert "was killed by SIGSEGV" in notices(ended)
    assert "  at  " not in notices(ended)


def test_json_is_one_object_a_line(mpdebug: Command) -> None:
    """Every field that the help names is there."""
    mpdebug(program("ends.py"), "SIGKILL", "fork").ok()
    lines = mpdebug("deaths", "--json").ok().out.splitlines()
    assert len(lines) == 1
    death = json.loads(lines[0])
    assert (death["process"], death["kind"], death["bad"]) == ("w", "signal", True)
    assert death["detail"]["sent by"].startswith("itself")
    assert death["last_records"][0]["event"] == "last words"
    names = {
        "run",
        "time",
        "pid",
        "process",
        "role",
        "kind",
        "cause",
        "bad",
        "detail",
        "frames",
    }
    assert set(death) == names | {"text", "last_records"}


# The views.


def drawn(what: RenderableType, width: int) -> list[str]:
    """The lines of a renderable on a screen so wide, without colour."""
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_notice_fits_the_screen(width: int) -> None:
    """Labels stand below each other, long text goes on below itself, nothing is cut off."""
    for death in views.sample():
        lines = drawn(views.notice(death), width)
        assert max(map(len, lines)) <= width
        assert [line.rstrip() for line in lines[1:]] == lines[1:]
        words = "".join("".join(lines).split())
        for _, text in death.detail:
            assert "".join(text.split()) in words


def test_foreign_text_cannot_move_the_cursor() -> None:
    """An exception's message, a name or a path with control characters is shown, not obeyed."""
    process = Process("1-1-0", 1, 1, 0, "evil\x1b[2J", "worker")
    details = (("at", "a\x9b1m.py:1\r\n"), ("so", "\u202eback"))
    last = ({"time": 1.0, "event": "\x1b]0;title\x07", "keys": {"k": "\x1b"}},)
    death = Death(process, 1, "E: \x1b[31m\nred", "exception", True, details, last_records=last)
    said = "\n".join(drawn(views.notice(death), 80) + drawn(views.report([death], at=1.0), 80))
    assert "\\x1b[2J" in said
    assert not {char for char in said if not char.isprintable()} - {"\n"}


def test_one_more_and_more_than_one_are_told_by_their_number() -> None:
    """The sentence about those that died like others agrees with how many they are."""
    worker, orphan = views.sample()
    one, two = (" ".join(drawn(views.more([worker] * n), 200)) for n in (1, 2))
    assert one.startswith("mpdebug: 1 more was killed by SIGSEGV"), one
    assert two.startswith("mpdebug: 2 more were killed by SIGSEGV"), two
    (two,) = drawn(views.more([orphan] * 2), 200)
    assert two.startswith("mpdebug: 2 more still run after the end of the main process"), two


def test_the_summary_is_one_line() -> None:
    """Some names, the rest as a number; orphans by their pids."""
    worker, orphan = views.sample()
    many = [worker] * 9
    assert views.summary([worker], 9) == "1 of 9 processes died (ForkPoolWorker-2: SIGSEGV)"
    assert views.summary(many, 9).endswith("ForkPoolWorker-2: SIGSEGV, 6 more)")
    assert views.summary([orphan], 9) == "1 process still runs (pid 7450)"


def test_the_report_names_all_that_died_alike(tmp_path: Path) -> None:
    """One report for a flood, with the others by name and their number."""
    facts = [*main(), record("MainProcess", "x")]
    for number in range(12):
        name = f"W{number}"
        facts += [born(name), raises(name, "ValueError", "no"), seen(name, 1)]
    Writer(tmp_path / "run", [*facts, seen("MainProcess", 0)]).write()
    from mpdebug.diagnosis.deaths import explain  # noqa: PLC0415
    from mpdebug.diagnosis.fold import fold  # noqa: PLC0415

    (group,) = fold(explain(read_run(str(tmp_path / "run"))))
    lines = drawn(views.report(group.deaths, at=1.0), 100)
    assert lines[0].endswith("×12")
    assert lines[1].split()[:3] == ["also", "W1,", "W2,"]


def test_main_killed_from_outside_is_what_the_shell_says(mpdebug: Command) -> None:
    """Who sends SIGTERM to a program knows it: no notice, and the status is the program's."""
    running = mpdebug.start("-c", "print('ready', flush=True); input()")
    running.wait_for("ready", "stdout")
    running.signal(signal.SIGTERM)
    ended = running.finish(close_stdin=False)
    assert ended.status == -signal.SIGTERM
    assert ended.err == ""
