"""The tree as rows and as lines: order, folding, states in words, and every width."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console

from mpdebug.diagnosis import tree as layers
from mpdebug.diagnosis.deaths import explain
from mpdebug.diagnosis.shared import peers
from mpdebug.diagnosis.states import state
from mpdebug.model import Descriptor, Process, Run, Sample, State, Stop, Task, TreeRow
from mpdebug.rundir import layout
from mpdebug.views import one_process
from mpdebug.views.tree import TreeView, as_text, head, tree
from mpdebug.views.tree_sample import sample
from tests.histories import Fact, born, goodbye, lives, main, replay, seen, started

NOTHING = layers.Seen({}, {}, {})


def rows(run: Run, **how: object) -> tuple[TreeRow, ...]:
    """The rows of a run of which nothing was sampled."""
    deaths = {death.process.key: death for death in explain(run)}
    return layers.rows(run, layers.Seen({}, deaths, {}), **how)  # type: ignore[arg-type]


def picture(found: tuple[TreeRow, ...]) -> list[str]:
    """`├─name ×count` of each row."""
    return [row.guide + row.name + (f" ×{row.count}" if row.count > 1 else "") for row in found]


def child(name: str, *facts: Fact, by: str = "MainProcess", method: str = "fork") -> list[Fact]:
    """A process that another one started, and what happened to it."""
    return [started(by, name, method), born(name, "worker", method, by=by), *facts]


# Rows.


def test_children_stand_below_who_asked_for_them() -> None:
    """A forkserver's child is below the process that asked for it, not below the forkserver."""
    facts = [
        *main(),
        born("server", "forkserver", "spawn", by="MainProcess"),
        lives("server"),
        started("MainProcess", "W", "forkserver"),
        born("W", "worker", "forkserver", by="server"),
        lives("W"),
        *child("X", lives("X"), by="W"),
    ]
    assert picture(rows(replay(facts))) == ["MainProcess", "├─server", "└─W", "  └─X"]


def test_many_that_ended_well_are_one_row() -> None:
    """Only those: who died badly, who has children and who lives keep rows of their own."""
    facts = main()
    for number in range(1, 7):
        facts += child(f"P-{number}", seen(f"P-{number}", 0))
    facts += child("bad", seen("bad", -9))
    facts += child("alive", lives("alive"))
    facts += child("below", lives("below"), by="P-6")
    run = replay(facts)
    folded = rows(run)
    names = ["MainProcess", "├─P-6", "│ └─below", "├─bad", "├─alive", "└─P-1..5 ×5"]
    assert picture(folded) == names
    assert folded[-1].state.text == "exited 0"
    assert folded[3].state.text == "killed by SIGKILL"
    assert sum(row.count for row in folded) == len(run.processes)
    assert len(rows(run, unfolded=True)) == len(run.processes)
    closed = rows(run, closed={run.processes[0].key})
    assert [(row.name, row.hidden) for row in closed] == [
        ("MainProcess", len(run.processes) - 1)
    ]


def test_the_order_is_the_one_that_was_asked_for() -> None:
    """By name 2 comes before 10; by cost the most costly first and the ended last."""
    facts = main()
    for name in ("W-10", "W-2", "W-9"):
        facts += child(name, lives(name))
    facts += child("gone", seen("gone", 1))
    run = replay(facts)
    keys = {one.name: one.key for one in run.processes}
    samples = {
        keys["W-10"]: Sample("running", 1, cpu=5.0, rss=300),
        keys["W-2"]: Sample("running", 1, cpu=90.0, rss=100),
        keys["W-9"]: Sample("running", 1, cpu=50.0, rss=200),
    }

    def by(sort: str) -> list[str]:
        found = layers.rows(run, layers.Seen(samples, {}, {}), sort=sort)
        return [row.name for row in found[1:]]

    assert by("age") == by("pid") == ["W-10", "W-2", "W-9", "gone"]
    assert by("name") == ["W-2", "W-9", "W-10", "gone"]
    assert by("cpu") == ["W-2", "W-9", "W-10", "gone"]
    assert by("memory") == ["W-10", "W-9", "W-2", "gone"]


def test_a_ring_of_parents_is_shown_all_the_same() -> None:
    """Damaged folders may tell that two processes started each other."""
    one = Process("1", 1, 1, 1, "one", "worker", parent="2")
    two = Process("2", 2, 1, 1, "two", "worker", parent="1")
    below = Process("3", 3, 1, 1, "below", "worker", parent="2")
    run = Run("", "", (), 0.0, True, (one, two, below))
    assert sorted(picture(layers.rows(run, NOTHING))) == ["one", "two", "└─below"]


# States.

STOP = Stop("1", 1, 0, "breakpoint", "/home/me/app.py", 42, "f", "/s")
TASK = Task("work", "3", "running", 1)


@pytest.mark.parametrize(
    ("changes", "sampled", "expected"),
    [
        ({}, None, ("running", "unknown")),
        ({}, Sample("running", 1), ("running", "running")),
        ({}, Sample("sleeping", 1), ("sleeping", "waits")),
        ({}, Sample("sleeping", 1, waits="sleeps"), ("sleeps", "waits")),
        ({}, Sample("sleeping", 1, waits="waits for a child", waits_pid=7),
         ("waits for Worker-7", "waits")),
        ({}, Sample("sleeping", 1, waits="waits for a child", waits_pid=8),
         ("waits for pid 8", "waits")),
        ({}, Sample("stopped", 1), ("halted (SIGSTOP)", "halted")),
        ({}, Sample("tracing-stop", 1), ("halted by a debugger", "halted")),
        ({}, Sample("disk-sleep", 1), ("waits for the disk", "waits")),
        ({}, Sample("zombie", 1), ("zombie", "zombie")),
        ({}, Sample("", 1, why="not permitted"), ("not permitted", "unknown")),
        ({"stops": (STOP,)}, Sample("sleeping", 1), ("stopped at app.py:42", "stopped")),
        ({"stops": (STOP,)}, Sample("stopped", 1), ("halted (SIGSTOP)", "halted")),
        ({"role": "pool worker"}, Sample("sleeping", 1, waits="reads a pipe"),
         ("idle: waits for work", "idle")),
        ({"role": "executor worker"}, Sample("sleeping", 1, waits="waits for an mp lock"),
         ("idle: waits for work", "idle")),
        ({"role": "pool worker", "task": TASK}, Sample("sleeping", 1, waits="reads a pipe"),
         ("reads a pipe", "waits")),
        ({"role": "pool worker"}, Sample("sleeping", 1, waits="sleeps"), ("sleeps", "waits")),
        ({"role": "forkserver"}, Sample("sleeping", 1, waits="waits for input"),
         ("idle: waits for requests", "idle")),
        ({"observed": False, "reason": "not Python (git)"}, Sample("running", 1),
         ("running, not observed: not Python (git)", "running")),
    ],
)  # fmt: skip
def test_what_a_living_process_does_is_a_word_or_a_few(
    changes: dict[str, object], sampled: Sample | None, expected: tuple[str, str]
) -> None:
    """A worker that waits for work is told apart from one that is stuck in its task."""
    one = Process("1", 1, 1, 1, "x", "worker", alive=True)
    one = dataclasses.replace(one, **changes)  # type: ignore[arg-type]
    found = state(one, sampled, None, {7: "Worker-7"}, "/home/me")
    assert (found.text, found.kind) == expected


def test_how_a_process_ended_is_told_also_while_it_is_a_zombie() -> None:
    """By its status, its signal, or what it became."""
    facts = main()
    facts += child("three", goodbye("three", "exit", status=3), seen("three", 3))
    facts += child("killed", seen("killed", -9))
    facts += child("unseen")
    run = replay(facts)
    found = {row.name: row.state.text for row in rows(run)}
    assert found["killed"] == "killed by SIGKILL"
    assert "3" in found["three"]
    three = next(one for one in run.processes if one.name == "three")
    assert state(three, Sample("zombie", 1)).text == "exited 3, zombie"


# Lines.


@pytest.mark.parametrize("width", [4, 10, 20, 40, 60, 80, 120, 200, 400])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """However narrow it is, there is a line for each row, and nothing is raised."""
    text = as_text(sample(), width)
    assert len(text.split("\n")) == len(sample().rows) + 2
    assert all(cell_len(line) <= width for line in text.split("\n"))


def test_twenty_columns_have_name_and_state() -> None:
    """The number at the end of a name stays, so that two workers are not the same."""
    lines = as_text(sample(), 20).split("\n")
    assert lines[1].split() == ["process", "state"]
    assert lines[3].endswith("-1  running")


def test_eighty_columns_have_what_matters_and_two_hundred_have_all() -> None:
    """Columns that nobody has anything in are left out."""
    titles = as_text(sample(), 80).split("\n")[1].split()
    assert titles == ["process", "pid", "state", "task", "cpu", "memory", "age"]
    titles = as_text(sample(), 200).split("\n")[1].split()
    assert {"role", "thr", "fds", "kids", "last", "record"} < set(titles)
    bare = dataclasses.replace(sample(), rows=sample().rows[-1:])
    assert as_text(bare, 200).split("\n")[1].split() == ["process", "state"]


def test_columns_line_up_across_the_levels_of_the_tree() -> None:
    """The pids end in one column, whatever the depth."""
    lines = as_text(sample(), 120).split("\n")[1:-1]
    end = lines[0].index("pid") + 3
    assert all(line[end - 4 : end].isdigit() and line[end] == " " for line in lines[1:])


def test_wide_letters_and_control_characters_do_no_harm() -> None:
    """A name may be Chinese, and may try to clear the screen."""
    first, *rest = sample().rows
    bad = dataclasses.replace(first, name="工作\x1b[2J进程")
    text = as_text(dataclasses.replace(sample(), rows=(bad, *rest)), 100)
    assert "\x1b" not in text
    ends = {cell_len(line[: line.index(" 744")]) for line in text.split("\n") if " 744" in line}
    assert len(ends) == 1


def test_a_window_draws_only_its_rows() -> None:
    """So drawing a thousand processes costs what the screen holds."""
    first, *_ = sample().rows
    many = dataclasses.replace(sample(), rows=(first,) * 1000)
    assert len(TreeView(many, first=500, most=10).lines(80)) == 11


def test_plain_text_where_no_colour_is_wanted() -> None:
    """The renderable and the text are the same but for colour."""
    printed = io.StringIO()
    Console(file=printed, width=80, color_system=None).print(tree(sample()))
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == as_text(
        sample(), 80
    ).split("\n")


@pytest.mark.parametrize("view", ["tree", "one_process"])
def test_the_view_shows_itself(view: str) -> None:
    """`python -m mpdebug.views.tree` draws made-up data."""
    command = [sys.executable, "-m", f"mpdebug.views.{view}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "ForkPoolWorker-1" in shown


def test_the_end_of_a_cell_stays_where_that_tells_most() -> None:
    """How long a task runs, the line of a stop, the number of a name and of its holder."""
    one = sample()
    loader = next(row for row in one.rows if row.name == "loader")
    far = State("stopped at a/long/way/to/load.py:7", "stopped")
    waits = State("waits for ForkPoolWorker-4", "waits")
    assert loader.sample
    seen = dataclasses.replace(loader.sample, waits_pid=7444)
    rows = (
        *one.rows[:3],
        dataclasses.replace(loader, state=far),
        dataclasses.replace(loader, state=waits, sample=seen),
    )
    text = as_text(dataclasses.replace(one, rows=rows), 80)
    for end in ("ker-1  7441", "3.0s  99%", "oad.py:7  ", "ker-4  "):
        assert end in text, text


def test_what_is_folded_away_still_counts() -> None:
    """The head adds up all that live, whatever rows are shown."""
    few = dataclasses.replace(sample(), rows=sample().rows[:1])
    assert head(few) == head(sample())
    assert "cpu 102%, rss 263 MB" in head(few).plain


def test_the_other_end_of_a_pipe_is_told_first() -> None:
    """Who has a descriptor open too, names folded."""
    others = (("A", "reads"), ("W-1", "writes"), ("W-2", "writes"), ("W-3", "writes"))
    assert peers(Descriptor(3, "pipe:[1]", "reads", others)) == "W-1..3 (writes); A (reads)"
    assert peers(Descriptor(3, "/memfd:x", "", (("A", ""),))) == "A"


def test_an_opened_process_fits_its_window() -> None:
    """Whatever its environment and descriptors are called."""
    for width in (20, 80, 200):
        detail = one_process.sample()
        told = {one.number: peers(one) for one in detail.descriptors}
        lines = one_process.details(detail, sample(), width, peers=told)
        assert all(line.cell_len <= width for line in lines)
    text = "\n".join(line.plain for line in lines)
    for words in ("OMP_NUM_THREADS=1", "also MainProcess (writes)", "not permitted", "running"):
        assert words in text


def test_the_roles_are_called_as_the_folder_calls_them() -> None:
    """The words in `states` are those that processes write."""
    from mpdebug.diagnosis import states  # noqa: PLC0415 - only here

    assert states.IDLERS == (layout.POOL_WORKER, layout.EXECUTOR_WORKER)
    servants = {layout.FORKSERVER, layout.RESOURCE_TRACKER, layout.MANAGER}
    assert set(states.SERVANTS) == servants
