"""The runs of a user as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mpdebug.views import plain
from mpdebug.views.clipped import Clipped
from mpdebug.views.processes import how_it_goes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class RunRow:
    """What is shown of one run. Times are epoch seconds."""

    id: str
    command: tuple[str, ...]
    started_at: float
    alive: bool
    processes: int
    deaths: int | None = None  # None: not known (its folder cannot be read)
    ended_at: float | None = None
    status: int | None = None
    readable: bool = True


def runs(rows: Iterable[RunRow]) -> RenderableType:
    """Living and kept runs, the newest first."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("run", no_wrap=True, style="bold")
    table.add_column("started", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("processes", justify="right", no_wrap=True)
    table.add_column("died", justify="right", no_wrap=True)
    table.add_column("command")  # the one that may give way: see Clipped
    for row in rows:
        state = _state(row)
        style = "green" if row.alive else "red" if row.deaths else "dim"
        died = "?" if row.deaths is None else str(row.deaths)
        table.add_row(
            plain.line(row.id),
            plain.day_and_clock(row.started_at),
            Text(state, style),
            str(row.processes),
            Text("" if died == "0" else died, "bold red"),
            Clipped([Text(plain.line(" ".join(_short(row.command))))]),
        )
    return table


def _state(row: RunRow) -> str:
    if not row.readable:
        return "unreadable"
    if row.alive and row.ended_at is not None:
        return "some still run"
    said = how_it_goes(row.alive, row.ended_at, row.status)
    return said.replace("ended with ", "").replace("killed by ", "")


def _short(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command without the folder of the interpreter."""
    return (command[0].rpartition("/")[2], *command[1:]) if command else ()


def sample() -> list[RunRow]:
    """Runs to look at and to test with."""
    return [
        RunRow("k7f2", ("/usr/bin/python3", "app.py"), 1.0e9, alive=True, processes=9),
        RunRow(
            "b2xd", ("python", "-m", "pytest", "-n", "4"), 0.9e9, alive=False, processes=6,
            deaths=1, ended_at=0.9e9, status=1,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    Console().print(runs(sample()))
