"""`mpdebug runs`: which runs there are, whose processes, and taking the old ones away."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug import errors
from mpdebug.cli import runs
from mpdebug.observer import find
from mpdebug.rundir import layout, place
from tests.histories import Fact, Writer, born, goodbye, main, raises, seen, spawned, started

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Command


class Make:
    """Makes runs in the folder of runs: `make("k7f2", facts)`."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def __call__(self, run: str, facts: list[Fact] | None = None, **head: Any) -> Writer:
        return Writer(self.base / run, facts or main(), id=run, **head).write()


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """The folder of runs is the test's own, and empty."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    base = tmp_path / "mpdebug"
    base.mkdir(0o700)
    return Make(base)


def me() -> dict[str, int | None]:
    """This process as a supervisor that lives."""
    return {"pid": os.getpid(), "start": layout.start_of()}


LIVING: dict[str, Any] = {"boot": layout.boot_id()}


def run(*words: str) -> int:
    """`mpdebug runs …` in this process."""
    parser = argparse.ArgumentParser()
    runs.add_arguments(parser)
    return runs.main(parser.parse_args(words))


@pytest.mark.parametrize("columns", [70, 80, 120])
def test_a_long_command_is_cut(
    make: Make,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
) -> None:
    """Where there is no room for all, the command gives way, and nothing else."""
    monkeypatch.setenv("COLUMNS", str(columns))
    make("k7f2", command=["python", "-c", "x = 1\n" * 60], status=3, ended=1.0)
    assert run() == 0
    head, line = capfd.readouterr().out.splitlines()
    assert head.split() == ["run", "started", "state", "processes", "died", "command"]
    assert line.startswith("k7f2 ")
    assert " status 3 " in line
    assert line.rstrip().endswith("…")
    assert len(line) <= columns


# Which run is meant.


def test_without_a_word_the_newest_living_run_is_meant(make: Make) -> None:
    """A living run comes before a newer one that is only kept; `last` means the newest."""
    make("old", started=1.0)
    living = make("run", started=2.0, supervisor=me(), **LIVING)
    newest = make("new", started=3.0)
    assert find.find_run(None) == str(living.path)
    assert find.find_run("last") == str(newest.path)


def test_without_a_living_run_the_newest_kept_one_is_meant(make: Make) -> None:
    """Looking at a run after its end is the usual case."""
    make("old", started=1.0)
    newest = make("new", started=3.0)
    assert find.find_run(None) == str(newest.path)


def test_an_id_or_a_path_names_a_run(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id as printed, an absolute or a relative path; also of a run that was moved."""
    writer = make("k7f2")
    assert find.find_run("k7f2") == str(writer.path)
    assert find.find_run(str(writer.path)) == str(writer.path)
    moved = writer.path.parent.parent / "saved"
    writer.path.rename(moved)
    monkeypatch.chdir(moved.parent)
    assert find.find_run("./saved") == str(moved)
    assert find.find_run("saved") == str(moved)


def test_a_pid_names_the_run_of_that_process(make: Make) -> None:
    """Any process of the run, or its supervisor; the one that lives comes first."""
    make("old", [born("P", "main", pid=os.getpid())], started=9.0)
    living = make("run", started=2.0, supervisor=me(), **LIVING)
    assert find.find_run(str(os.getpid())) == str(living.path)
    assert find.find_run("100") == str(living.path)


def test_a_pid_of_old_is_not_taken_for_who_has_it_now(make: Make) -> None:
    """Pids come again: who looks at what lives must not be shown a run of long ago."""
    kept = make("old", [born("P", "main", pid=os.getpid()), born("Q", pid=4194300)])
    mine = str(os.getpid())
    assert find.find_run(mine) == str(kept.path), "its logs and deaths can be asked for"
    with pytest.raises(errors.NoSuchRunError, match=f"no run has a process {mine}"):
        find.find_run(mine, now=True)
    assert find.find_run("4194300", now=True) == str(kept.path), "nobody has it now"


def test_a_run_that_is_not_there_is_told_with_what_there_is(make: Make) -> None:
    """The beginning of an id is not guessed at, but the nearest one is named."""
    with pytest.raises(errors.NoSuchRunError, match="there are no runs in"):
        find.find_run(None)
    make("k7f2")
    with pytest.raises(errors.NoSuchRunError, match="no run 'k7'; the nearest is k7f2"):
        find.find_run("k7")
    with pytest.raises(errors.NoSuchRunError, match="no run has a process 4194300"):
        find.find_run("4194300")
    with pytest.raises(errors.NoSuchRunError, match="there is no run in"):
        find.find_run("./nothing")


def test_a_run_of_a_newer_format_is_named_but_not_read(make: Make) -> None:
    """It is listed, it is not chosen by default, and asking for it says what to do."""
    make("newer", format=layout.FORMAT + 1, started=9.0)
    older = make("older", started=1.0)
    assert find.find_run(None) == str(older.path)
    with pytest.raises(errors.NewerFormatError):
        find.find_run("newer")


def test_a_folder_of_somebody_elses_is_refused(make: Make) -> None:
    """Others could have put runs there: it is not read."""
    make("k7f2")
    os.chmod(place.base(), 0o777)  # noqa: PTH101
    with pytest.raises(errors.UnsafeFolderError):
        find.list_runs()


# The command.


def test_runs_lists_the_newest_first(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """Id, start, state, number of processes and deaths, command."""
    facts = [*main(), born("W"), seen("W", -9), seen("MainProcess", 0)]
    make("bad", facts, started=1.0e9, ended=1.1e9, status=0)
    make("run", started=1.2e9, supervisor=me(), **LIVING)
    assert run() == 0
    head, first, second = capfd.readouterr().out.splitlines()
    assert head.split() == ["run", "started", "state", "processes", "died", "command"]
    assert first.split()[0] == "run"
    assert "running" in first
    assert "status 0" in second
    assert second.split()[-4:] == ["2", "1", "python", "app.py"]


def test_runs_without_any_says_so(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """An empty list is told in words, with the place."""
    assert make
    assert run() == 0
    assert capfd.readouterr().out == f"No runs in {place.base()}.\n"


def test_a_run_shows_its_processes(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """Each below who started it, with its state; what is not observed with the reason."""
    facts = [
        *main(),
        born("W"),
        started("MainProcess", "W"),
        born("inner", by="W"),
        started("W", "inner"),
        spawned("inner", "git", "git", "log"),
        raises("inner", "ValueError", "no"),
        seen("inner", 1),
        goodbye("W", "returned"),
        seen("W", 0),
        seen("MainProcess", 0),
    ]
    make("k7f2", facts, ended=1.1e9, status=0)
    assert run("k7f2") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "k7f2  python app.py"
    rows = {line.split()[0]: line for line in lines[4:]}
    assert rows["MainProcess"].split()[-1] == "ended"
    assert rows["W"].startswith("  W")
    assert rows["inner"].startswith("    inner")
    assert "ValueError: no" in rows["inner"]
    assert "not observed: not Python (git)" in rows["git"]


def test_clean_removes_what_has_ended(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """Ended runs go, a living one stays; what cannot be read goes only with --all."""
    ended = make("done", ended=1.1e9, status=0)
    living = make("run", supervisor=me(), **LIVING)
    newer = make("newer", format=layout.FORMAT + 1)
    assert run("--clean") == 0
    said = capfd.readouterr().out
    assert said.startswith("Removed 1 run, ")
    assert "1 run still lives." in said
    assert (ended.path.exists(), living.path.exists()) == (False, True)
    assert newer.path.exists()
    assert run("--clean", "--all") == 0
    assert (newer.path.exists(), living.path.exists()) == (False, True)


def test_a_run_is_living_while_any_of_its_processes_is(make: Make) -> None:
    """The supervisor is gone, an orphan is not: the run is not removed."""
    facts = [*main(), born("orphan", pid=os.getpid())]
    writer = Writer(make.base / "k7f2", facts, **LIVING)
    writer.history.starts["orphan"] = layout.start_of() or 0
    writer.write()
    with pytest.raises(errors.NoSuchRunError, match="still lives"):
        find.remove_run(str(writer.path))


def test_only_runs_are_removed(make: Make, tmp_path: Path) -> None:
    """A folder elsewhere is not ours to remove, even if it looks like a run."""
    assert make
    elsewhere = Writer(tmp_path / "elsewhere", main())
    with pytest.raises(errors.NoSuchRunError, match="is not a run in"):
        find.remove_run(str(elsewhere.path))
    assert elsewhere.path.exists()


def test_words_that_do_not_go_together_are_refused(make: Make) -> None:
    """--clean takes no run, so that nobody removes others than meant."""
    assert make
    for words in (["--all"], ["--clean", "k7f2"]):
        with pytest.raises(errors.UsageError):
            run(*words)


def test_a_living_run_is_read_from_another_terminal(mpdebug: Command) -> None:
    """While it runs: found by the pid of its child, with its living processes."""
    code = (
        "import multiprocessing as m, sys\n"
        "def f(q): print('ready', flush=True); q.get()\n"
        "q = m.get_context('fork').SimpleQueue()\n"
        "p = m.get_context('fork').Process(target=f, args=(q,), name='asked'); p.start()\n"
        "print(p.pid, flush=True); sys.stdin.readline(); q.put(1); p.join()\n"
    )
    running = mpdebug.start("-c", code)
    said = running.wait_for("\n", "stdout", times=2)
    pid = next(word for word in said.split() if word.isdigit())
    listed = mpdebug("runs", pid).ok().out
    running.say("go\n")
    running.finish().ok()
    assert ", running  " in listed
    row = next(line for line in listed.splitlines() if "asked" in line)
    assert row.split()[1:4] == [pid, "worker,", "fork"]
