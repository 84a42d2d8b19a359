"""The processes of one run as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from mpdebug.model import Ended, Process, Run, Task
from mpdebug.views import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from mpdebug.model import Death, Stop

DIM = "dim"
COMMAND_ROOM = 160
"""Characters of a command that are shown; `-c` may be followed by a whole program."""

DEEPEST = 6
"""Levels that are shown by indentation; the screen is not wider."""


def processes(run: Run, deaths: Mapping[str, Death]) -> RenderableType:
    """Who belongs to a run, below who started it, with what it does or how it ended.

    Args:
        run: the run.
        deaths: by key of the process: how it died, where that is worth a word.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("process", overflow="fold")
    table.add_column("pid", justify="right", no_wrap=True)
    table.add_column("role", no_wrap=True)
    table.add_column("state", overflow="fold", ratio=1)
    for depth, one in family(run.processes):
        indent = "  " * min(depth, DEEPEST)
        role = one.role if one.method in ("", "exec", one.role) else f"{one.role}, {one.method}"
        table.add_row(
            Text(indent + plain.line(one.name), "" if one.observed else DIM),
            str(one.pid),
            plain.line(role),
            state(one, deaths.get(one.key), run.cwd),
        )
    return Group(head(run), Text(""), table)


def family(processes: Sequence[Process]) -> list[tuple[int, Process]]:
    """(depth, process) of all, each below who started it, in the order of their start."""
    known = {one.key for one in processes}
    children: dict[str, list[Process]] = {}
    for one in processes:
        above = one.parent if one.parent in known and one.parent != one.key else ""
        children.setdefault(above, []).append(one)
    found: list[tuple[int, Process]] = []
    left = [(0, one) for one in reversed(children.pop("", []))]
    while left:
        depth, one = left.pop()
        found.append((depth, one))
        left += [(depth + 1, child) for child in reversed(children.pop(one.key, []))]
    found += [(0, one) for ring in children.values() for one in ring]  # damaged: no beginning
    return found


def head(run: Run) -> Text:
    """Which run it is: `k7f2  python app.py  since 2025-11-22 12:00:01, running`."""
    text = Text.assemble((plain.line(run.id), "bold"), "  ")
    command = plain.line(" ".join(run.command)) or "(no command)"
    text.append(command if len(command) <= COMMAND_ROOM else command[: COMMAND_ROOM - 1] + "…")
    text.append(
        f"\n{'since' if run.alive else 'from'} {plain.day_and_clock(run.started_at)}", DIM
    )
    text.append(f", {how_it_goes(run.alive, run.ended_at, run.status)}", DIM)
    text.append(f"  {plain.line(run.path)}", DIM)
    return text


def how_it_goes(alive: bool, ended_at: float | None, status: int | None) -> str:
    """`running`, `ended with status 0`, `killed by signal 9`, or `cut off`."""
    if ended_at is None and status is None:
        return "running" if alive else "cut off"  # mpdebug itself was killed
    if status is not None and status < 0:
        ended = f"killed by signal {-status}"
    else:
        ended = f"ended with status {status}"
    return f"{ended}, but some still run" if alive else ended


def state(process: Process, death: Death | None, cwd: str = "") -> Text:
    """What a process does or where it stands, or how it ended; why it is not observed."""
    text = Text()
    if death is not None:
        text.append(plain.line(death.cause), "bold red" if death.bad else "yellow")
    elif process.alive and process.stops:
        text.append(stopped(process.stops, cwd), "bold yellow")
    elif process.alive:
        text.append("running", "green")
        if process.task is not None:
            text.append(f" {plain.line(process.task.call)}({plain.line(process.task.args)})")
    else:
        text.append(_ended(process), DIM)
    if not process.observed:
        text.append(f", not observed: {plain.line(process.reason)}", DIM)
    return text


def stopped(stops: Sequence[Stop], cwd: str) -> str:
    """`stopped at app.py:42`; of several threads the newest, and how many more."""
    last = stops[-1]
    home = cwd.rstrip("/") + "/"
    file = last.file.removeprefix(home) if len(home) > 1 else last.file
    more = f" and {len(stops) - 1} more" if len(stops) > 1 else ""
    return f"stopped at {plain.line(file)}:{last.line}{more}"


def _ended(process: Process) -> str:
    ended = process.ended
    if ended is not None and ended.seen_by == "exec":
        said = process.goodbye.message if process.goodbye else ""
        return f"became {plain.line(said)}" if said else "became another program"
    status = ended.status if ended else None
    if status:
        return f"ended with status {status}"
    return "ended"


def sample() -> Run:
    """A run to look at and to test with."""
    main = Process("1-1-0", 7440, 1, 1, "MainProcess", "main", method="exec", alive=True)
    task = Task("work", "3", "running", 1)
    worker = Process(
        "2-1-0", 7442, 1, 7440, "ForkPoolWorker-1", "pool worker", method="fork", alive=True,
        parent="1-1-0", task=task,
    )  # fmt: skip
    tool = Process(
        "pid:9", 7450, 0, 7440, "git", "subprocess", method="exec", observed=False,
        reason="not Python (git)", parent="1-1-0", ended=Ended(1, 128),
    )  # fmt: skip
    return Run(
        "/home/me/runs/k7f2", "k7f2", ("python", "app.py"), 1.0e9, alive=True,
        processes=(main, worker, tool),
    )  # fmt: skip


if __name__ == "__main__":
    Console().print(processes(sample(), {}))
