"""A stop on the running terminal: one line as soon as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from mpdebug.views import bounded, colours, plain
from mpdebug.views.hanging import Hanging
from mpdebug.views.stops import short

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mpdebug.model import Stop, StopRow

OURS = "mpdebug:"
STOPPED, COMMAND, DIM = "yellow", "bold", "dim"
NAMES_ROOM, SOURCE_ROOM = 120, 100

VERBS = {"failure": "failed", "attach": "was interrupted"}
"""What it did, by the kind of the stop; any other: it stopped."""


def notice(row: StopRow, *, cwd: str, hint: str = "") -> RenderableType:
    """`Worker-3 (pid 7431) stopped at app.py:42 in step: loss = f(x)`.

    Args:
        row: equal stops together.
        cwd: of the run: files below it are shown by their short path.
        hint: what can be done, such as the command that opens a prompt there.
    """
    first = row.first
    many = len(row.stops) > 1
    verb = VERBS.get(first.kind, "stopped")
    if many:
        verb = verb.replace("was ", "were ")
    place = f"{short(first.file, cwd)}:{first.line}"
    if first.function != "<module>":
        place += f" in {first.function}"
    text = Text.assemble(
        *([(f"{len(row.stops)} processes", "bold")] if many else _who(first)),
        (f" {verb}", STOPPED),
        f" at {plain.line(place)}",
    )
    if many:
        text.append(f" ({bounded.cut(plain.line(row.who), NAMES_ROOM)})", DIM)
    elif said := _said(first):
        text.append(f": {plain.line(said)}")
    whole = Text(plain.line(hint), COMMAND) if hint else None
    return Hanging(Text(OURS, "bold"), text, len(OURS) + 1, 0, whole)


def _who(stop: Stop) -> tuple[tuple[str, str], str]:
    name = stop.name or "a process"
    return (plain.line(name), f"bold {colours.style_of(name)}"), f" (pid {stop.pid})"


def _said(stop: Stop) -> str:
    """The exception that is the reason, else the line of source."""
    if not stop.exception:
        return bounded.cut(stop.source, SOURCE_ROOM)
    message = bounded.cut(stop.message, SOURCE_ROOM)
    return f"{stop.exception}: {message}" if message else stop.exception


if __name__ == "__main__":
    from mpdebug.views.stops import sample

    for each in sample():
        Console().print(notice(each, cwd="/home/me", hint="mpdebug attach"))
