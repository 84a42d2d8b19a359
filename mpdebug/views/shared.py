"""What processes share, as a table: what, how large, made where and by whom, who has it now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

from mpdebug.model import Process, Run
from mpdebug.model_shared import (
    PIPE,
    SEGMENT,
    SEMAPHORE,
    AllShared,
    Holder,
    Label,
    Shared,
    SharedRow,
    SharedTable,
)
from mpdebug.views import bounded, plain
from mpdebug.views.tree import size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import ConsoleOptions, RenderableType, RenderResult

INSTALLED = re.compile(r".*/(?:site|dist)-packages/|.*/lib(?:64)?/python\d[\d.]*t?/")
LEFT_OVER = "LEFT OVER: no process has it"
WIDE = 110
"""From so many columns on names have a column of their own."""
NARROWEST = 10
THING, NAME = 40, 26
"""Characters at most."""
SIZE = 1
"""The column whose cells end below each other."""
FEW = 4
"""So many names are told."""
INDENT, BELOW = "  ", "      "


def shared(table: SharedTable) -> RenderableType:
    """The whole answer of `mpdebug shared`."""
    parts: list[RenderableType] = [head(table)]
    if table.rows:
        parts.append(_Rows(table))
    parts += list(_foot(table))
    return Group(*parts)


def head(table: SharedTable) -> Text:
    """`run k7f2: 12 things, shared by 5 processes; 1 left over`."""
    run = table.all.run
    name = f"run {run.id}" if run.id else " ".join(run.command)[:200]
    count = sum(len(row.things) for row in table.rows)
    left = sum(len(row.things) for row in table.rows if row.left_over)
    living = table.all.living
    text = Text.assemble((plain.line(name), "bold"), ": ")
    if not count:
        found = "nothing was found" if table.all.refused else "nothing is shared"
        text.append(found if living else "nothing is left over")
        return text
    text.append(f"{_many(count, 'thing')}, {_many(living, 'living process')}")
    if left:
        text.append("; ")
        text.append(f"{left} left over", "bold red")
    return text


def _many(count: int, what: str) -> str:
    end = "" if count == 1 else "es" if what.endswith("s") else "s"
    return f"{count} {what}{end}"


def _foot(table: SharedTable) -> Iterator[Text]:
    if table.plain_pipes:
        pipes = _many(table.plain_pipes, "more pipe")
        yield Text(f"{pipes} or socket pairs, which no call of the program made: --all", "dim")
    for name, why in table.all.refused:
        yield Text.assemble(
            (plain.line(name), "bold"), (f" could not be looked at: {why}", "red")
        )
    if any(row.left_over and row.kind in (SEGMENT, SEMAPHORE) for row in table.rows):
        yield Text("What is left over stays in memory; to free it: rm /dev/shm/NAME", "dim")


class _Rows:
    """A line for each row; who has it stands below where the line is too short for it."""

    def __init__(self, table: SharedTable) -> None:
        self.rows = table.rows
        self.cwd = table.all.run.cwd

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = options.max_width >= WIDE
        cells = [_cells(row, self.cwd, wide=wide) for row in self.rows]
        widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
        kind = ""
        for row, each in zip(self.rows, cells, strict=True):
            if row.kind != kind:
                kind = row.kind
                yield Text(kind, "bold cyan")
            yield from _lines(console, options.max_width, each, widths, _held(row))


def _lines(
    console: Console, width: int, cells: list[Text], widths: list[int], held: Text
) -> Iterator[Text]:
    line = Text(INDENT)
    for at, (cell, room) in enumerate(zip(cells, widths, strict=True)):
        if room:
            blanks = " " * (room - cell.cell_len)
            line.append(blanks if at == SIZE else "").append_text(cell)
            line.append("" if at == SIZE else blanks).append("  ")
    parts = [line]
    if line.cell_len + held.cell_len <= width:
        line.append_text(held)
    else:
        room = max(width - len(BELOW), NARROWEST)
        parts += [Text(BELOW) + each for each in held.wrap(console, room, overflow="fold")]
    for part in parts:
        part.rstrip()
        for each in part.wrap(console, max(width, NARROWEST), overflow="fold"):
            each.rstrip()
            each.no_wrap, each.overflow = True, "ignore"
            yield each


def _cells(row: SharedRow, cwd: str, *, wide: bool) -> list[Text]:
    amount = size(row.size) if row.size >= 0 else ""
    thing, name = _thing(row), _name(row)
    name = bounded.squeeze(name, NAME) if wide and not thing.plain.startswith(name) else ""
    return [thing, Text(amount), Text(name, "dim"), _made(row, cwd)]


def _thing(row: SharedRow) -> Text:
    """What it is called; of a segment its name, as the program gives it to others."""
    count = len(row.things)
    name = row.what if row.what and row.kind != SEGMENT else _name(row) or row.kind
    text = Text(bounded.squeeze(plain.line(name), THING))
    if count > 1 and row.kind != SEMAPHORE:
        text.append(f" ×{count}", "bold")
    return text


def _name(row: SharedRow) -> str:
    first = row.things[0]
    return plain.line(first.name) + ("…" if len(row.things) > 1 else "")


def _made(row: SharedRow, cwd: str) -> Text:
    if not row.maker:
        return Text()
    home = cwd.rstrip("/") + "/"
    where = row.where.removeprefix(home) if len(home) > 1 else row.where
    where = plain.line(INSTALLED.sub("", where))
    return Text.assemble(where, " " if where else "", (plain.line(row.maker), "dim"))


def _held(row: SharedRow) -> Text:
    if row.left_over:
        text = Text(LEFT_OVER, "bold red")
        if row.kind != SEGMENT or len(row.things) > 1:  # whoever frees it needs the names
            names = [plain.line(one.name) for one in row.things[:FEW]]
            more = len(row.things) - len(names)
            text.append(f" ({', '.join(names)}{f' and {more} more: --json' if more else ''})")
        return text
    note = row.things[0].note
    text = Text(plain.line(row.who) or "no process has it")
    if note and note != row.what:
        text.append(f" ({note})", "dim")
    return text


def sample() -> SharedTable:
    """Something of each kind, to look at and to test with."""
    main = Process("1-1-0", 7440, 1, 1, "MainProcess", "main")
    run = Run("", "k7f2", ("app.py",), 0.0, alive=True, cwd="/home/me")
    mine, five = Holder("MainProcess", 7440, "maps"), Holder("Worker-1", 7442, "maps")

    def label(what: str, call: str, line: int, lock: str = "") -> Label:
        return Label(main, line, what, call, f"/home/me/app.py:{line}", lock=lock)

    def row(kind: str, what: str, name: str, amount: int, who: str, line: int) -> SharedRow:  # noqa: PLR0917
        made = label(kind, what, line)
        one = Shared(kind, name, line, amount, made, (mine, five), left_over=not who)
        things = (one, one) if kind == SEMAPHORE else (one,)
        return SharedRow(kind, what, things, who, amount, made.where, "MainProcess")

    everybody = "maps: MainProcess, Worker-1..8"
    rows = (
        row("manager", "SyncManager", "/tmp/pymp-x/listener-y", -1, "serves: SyncManager-1; uses: Worker-1..8", 8),  # noqa: E501, S108
        row(SEGMENT, "", "psm_fe428690", 1_000_000, everybody, 12),
        row(SEGMENT, "", "psm_0c2be248", 500_000_000, "", 31),
        row("arena", "Value", "pym-7440-x1", 4096, everybody, 13),
        row(SEMAPHORE, "Queue: Lock ×2", "sem.mp-0o1kl9t_", -1, everybody, 14),
        row(SEMAPHORE, "Lock ×2", "sem.mp-kb4jmrer", -1, "", 31),
        row(PIPE, "Queue", "pipe:[4711]", -1, "both ends: MainProcess, Worker-1..8", 14),
    )  # fmt: skip
    things = tuple(one for each in rows for one in each.things)
    refused = (("Worker-9", "not permitted"),)
    return SharedTable(AllShared(run, things, 10, refused), rows, 16)


if __name__ == "__main__":
    Console().print(shared(sample()))
