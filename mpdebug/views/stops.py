"""The board: who stands at a breakpoint, equal stops as one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

from mpdebug.model import Differing, Stop, StopRow
from mpdebug.views import bounded, colours, plain
from mpdebug.views.hanging import Hanging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

KINDS = {
    "breakpoint": "at a breakpoint",
    "break": "at a live breakpoint",
    "post_mortem": "in a post-mortem",
    "failure": "at its failure",
    "attach": "interrupted",
}
STOPPED, DIM, WARNING = "bold yellow", "dim", "bold red"
WIDTH = 14  # columns of the labels
VALUE_ROOM, TEXT_ROOM = 48, 300
FEW = 4
"""So many values of a local are shown, and so many names that have one."""

MINUTE, HOUR = 60, 3600


def board(rows: Sequence[StopRow], *, now: int, cwd: str) -> RenderableType:
    """Who stands where, since when, who is attached, and what differs.

    Args:
        rows: equal stops together.
        now: CLOCK_MONOTONIC, ns.
        cwd: of the run: files below it are shown by their short path.
    """
    parts: list[RenderableType] = []
    for row in rows:
        parts += [_head(row, now), *_details(row, cwd)]
    return Group(*parts)


def _head(row: StopRow, now: int) -> RenderableType:
    """`Worker-1..8  ×8  at a breakpoint since 12:00:01 (14 s)`."""
    first = row.first
    many = len(row.stops) > 1
    since = f" since {plain.clock(first.stopped_at)} ({age(now - first.mono)})"
    return Text.assemble(
        (plain.line(row.who), _style(row)),
        (f"  ×{len(row.stops)}", "bold") if many else f" (pid {first.pid})",
        (f"  {KINDS.get(first.kind, plain.line(first.kind))}", STOPPED),
        (since, DIM),
    )


def _style(row: StopRow) -> str:
    style = "bold" if len(row.stops) > 1 else colours.style_of(row.first.name)
    return style if style == "bold" else f"bold {style}"


def _details(row: StopRow, cwd: str) -> list[RenderableType]:
    first = row.first
    place = f"{short(first.file, cwd)}:{first.line}"
    if first.function != "<module>":
        place += f" in {first.function}"
    found = [("at", Text(plain.line(place), "bold"))]
    if first.source:
        found.append(("source", Text(_one_line(first.source))))
    if first.exception:
        said = _one_line(first.message)
        found.append(
            ("exception", Text(f"{first.exception}: {said}" if said else first.exception))
        )
    found += [("header", Text(_one_line(text))) for text in _headers(row)]
    found += [("differ", _differ(one)) for one in row.differ]
    attached = ", ".join(
        _whose(row, one, f"pid {one.client}") for one in row.stops if one.client
    )
    if attached:
        found.append(("attached", Text(attached, "green")))
    moving = [one for one in row.stops if one.moving]
    if moving:
        found.append(("steps", Text(", ".join(_whose(row, one, "now") for one in moving))))
    ports = [_whose(row, one, one.tcp) for one in row.stops if one.tcp]
    if ports:
        said = f"{', '.join(ports)} (anybody on this machine can connect)"
        found.append(("tcp", Text(plain.line(said), WARNING)))
    return [
        Hanging(Text("" if label == above else label, DIM), text, WIDTH, 4)
        for (label, text), above in zip(found, ["", *(one[0] for one in found)], strict=False)
    ]


def _headers(row: StopRow) -> list[str]:
    return list(dict.fromkeys(one.header for one in row.stops if one.header))[:FEW]


def _whose(row: StopRow, stop: Stop, text: str) -> str:
    """What is true of one stop of several, with its name."""
    return text if len(row.stops) == 1 else f"{plain.line(stop.name)}: {text}"


def _differ(one: Differing) -> Text:
    """`rows  7 ×6 · 3 Worker-8`; only how many values there are where they are many."""
    text = Text.assemble((plain.line(one.name), "bold"))
    if len(one.values) > FEW:
        return text.append(f"  {len(one.values)} values")
    for at, (value, who) in enumerate(one.values):
        text.append(" · " if at else "  ", DIM)
        text.append(bounded.squeeze(plain.line(value), VALUE_ROOM))
        text.append(f" {_names(who)}", DIM)
    return text


def _names(who: Sequence[str]) -> str:
    return f"×{len(who)}" if len(who) > 2 else plain.line(", ".join(who))  # noqa: PLR2004


def _one_line(text: str) -> str:
    return bounded.cut(plain.line(text), TEXT_ROOM)


def short(path: str, cwd: str) -> str:
    """A path without the working directory of the run."""
    home = cwd.rstrip("/") + "/"
    return path[len(home) :] if len(home) > 1 and path.startswith(home) else path


def age(nanoseconds: int) -> str:
    """`0.4 s`, `14 s`, `3 min 05 s`, `2 h 10 min`."""
    seconds = max(nanoseconds, 0) / 1e9
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02} min"


def sample() -> list[StopRow]:
    """A board to look at and to test with."""
    eight = [
        Stop(
            f"{7440 + n}-1-0", 7440 + n, 0, "breakpoint", "/home/me/app.py", 42, "step", "/s",
            name=f"Worker-{n}", source="breakpoint()", mono=n, stopped_at=1.0e9,
            header="look at rows", client=9120 if n == 3 else 0,  # noqa: PLR2004
        )
        for n in range(1, 9)
    ]  # fmt: skip
    one = Stop(
        "7460-1-0", 7460, 1, "failure", "/home/me/load.py", 7, "parse", "/s", name="loader",
        source="return int(text)", mono=9_000_000_000, stopped_at=1.0e9 + 9, moving=True,
        exception="ValueError", message="invalid literal for int() with base 10: ''",
        tcp="127.0.0.1:4444",
    )  # fmt: skip
    rows = Differing(
        "rows", (("7", tuple(f"Worker-{n}" for n in range(1, 8))), ("3", ("Worker-8",)))
    )
    index = Differing("i", tuple((str(n), (f"Worker-{n}",)) for n in range(1, 9)))
    return [StopRow(tuple(eight), "Worker-1..8", (index, rows)), StopRow((one,), "loader")]


if __name__ == "__main__":
    Console().print(board(sample(), now=14_000_000_000, cwd="/home/me"))
