"""The tree of a run: who exists, who started whom, what each is doing, and at what cost.

Columns line up across the levels of the tree. As many are shown as the width has room for, the
most telling first; name and state are always there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.text import Text

from mpdebug.views import bounded, colours, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType, RenderResult

    from mpdebug.model import Process, Tree, TreeRow

GAP = 2
"""Columns between two columns."""


class Column(NamedTuple):
    """A column of the table."""

    name: str
    title: str
    right: bool = False
    least: int = 0  # it is shown where it gets so much, or all that it needs
    eager: int = 0  # the order in which what is left of the width is given out; 0: none
    fair: int = 0  # it gets so much before columns that are less important are shown


# In the order of their importance: the first two are always there. From ROLE on, columns are
# shown where the others have room to be read.
COLUMNS = (
    Column("process", "process", least=18, eager=1, fair=24),
    Column("state", "state", least=20, eager=3, fair=28),
    Column("pid", "pid", right=True),
    Column("cpu", "cpu", right=True),
    Column("memory", "memory", right=True),
    Column("task", "task", least=11, eager=2, fair=20),
    Column("age", "age", right=True),
    Column("role", "role"),
    Column("record", "last record", least=20, eager=4),
    Column("threads", "thr", right=True),
    Column("children", "kids", right=True),
    Column("descriptors", "fds", right=True),
)
EAGER = sorted((one for one in COLUMNS if one.eager), key=lambda one: one.eager)
SHOWN = (
    "process", "pid", "role", "state", "task", "cpu", "memory", "threads", "descriptors",
    "children", "age", "record",
)  # fmt: skip
"""From left to right."""

ROLE = "role"
NARROWEST = 6
ROOM = 200
"""Characters of one cell that are looked at."""

STYLES = {
    "running": "green",
    "waits": "",
    "idle": "dim",
    "stopped": "bold yellow",
    "halted": "yellow",
    "zombie": "bold red",
    "bad": "bold red",
    "ended": "dim",
    "unknown": "dim",
}
DIM = "dim"
MINUTE, HOUR, DAY = 60, 3600, 86400

Cells = dict[str, str]


@dataclass
class Widths:
    """What the columns need; of a picture that is drawn again and again it only grows."""

    need: dict[str, int] = field(default_factory=dict)

    def take(self, cells: Iterable[Cells]) -> None:
        """Look at more cells."""
        need = self.need
        for row in cells:
            for name, text in row.items():
                if text and (size := _size(text)) > need.get(name, 0):
                    need[name] = size

    def fit(self, width: int) -> dict[str, int]:
        """The columns that are shown, and how wide each is."""
        chosen: dict[str, int] = {}
        left = width
        for column in COLUMNS:
            if column.name == ROLE:
                left = self._give(chosen, left, fairly=True)
            need = max(self.need.get(column.name, 0), len(column.title))
            if column.name not in self.need and len(chosen) > 1:
                continue  # nobody has anything there
            least = min(need, column.least) if column.least else need
            least += GAP if chosen else 0
            if least <= left:
                chosen[column.name] = least - (GAP if chosen else 0)
                left -= least
            elif len(chosen) < 2:  # noqa: PLR2004 - name and state
                chosen[column.name] = max(left - GAP * bool(chosen), 1)
                if chosen.keys() == {"process", "state"}:
                    chosen["process"] = max(min(width * 2 // 5, width - NARROWEST - GAP), 1)
                    chosen["state"] = max(width - GAP - chosen["process"], 1)
                left = 0
        self._give(chosen, left)
        return {name: chosen[name] for name in SHOWN if name in chosen}

    def _give(self, chosen: dict[str, int], left: int, *, fairly: bool = False) -> int:
        """Make eager columns wider; what is left then."""
        for column in EAGER:
            if column.name in chosen:
                wanted = self.need.get(column.name, 0)
                wanted = min(wanted, column.fair) if fairly else wanted
                more = max(min(wanted - chosen[column.name], left), 0)
                chosen[column.name] += more
                left -= more
        return left


@dataclass
class TreeView:
    """A tree as a renderable.

    Attributes:
        tree: what to draw.
        widths: of a picture that is drawn again and again: kept from one to the next.
        first: the row at the top, where there is not room for all.
        most: rows that there is room for; None: all.
        chosen: the row that the person has chosen; -1: none.
    """

    tree: Tree
    widths: Widths = field(default_factory=Widths)
    first: int = 0
    most: int | None = None
    chosen: int = -1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self.lines(options.max_width)

    def lines(self, width: int) -> list[Text]:
        """The head of the table, and its rows."""
        last = None if self.most is None else self.first + self.most
        rows = self.tree.rows[self.first : last]
        cells = [_cells(row, self.tree) for row in rows]
        self.widths.take(cells)
        fitted = self.widths.fit(width)
        titles = {column.name: column.title for column in COLUMNS}
        if "memory" in fitted and self.tree.memory != "rss":
            titles["memory"] = self.tree.memory
        found = [_line(titles, fitted, dict.fromkeys(titles, "bold"))]
        for at, (row, texts) in enumerate(zip(rows, cells, strict=True), self.first):
            line = _line({**texts, **_squeezed(texts, row, fitted)}, fitted, _styles(row))
            if at == self.chosen:
                line.pad_right(max(width - line.cell_len, 0))
                line.stylize("reverse")
            found.append(line)
        return found


def head(tree: Tree) -> Text:
    """`k7f2  8 of 14 live, cpu 102%, rss 1.2 GB  python app.py`."""
    run = tree.run
    living = sum(one.alive for one in run.processes)
    text = Text(no_wrap=True, overflow="ellipsis")
    if run.id:
        text.append(f"{plain.line(run.id)}  ", "bold")
    text.append(f"{living} of {len(run.processes)} live")
    cpu = [one.cpu for one in tree.samples if one.cpu is not None]
    if cpu:
        text.append(f", cpu {percent(sum(cpu))}")
    known = [amount for one in tree.samples if (amount := getattr(one, tree.memory)) >= 0]
    if known:
        text.append(f", {tree.memory} {size(sum(known))}")
    command = plain.line(" ".join(run.command)) or "(no command)"
    return text.append(f"  {bounded.cut(command, ROOM)}", DIM)


def tree(one: Tree) -> RenderableType:
    """The whole: what run it is, and all its rows."""
    return Group(head(one), TreeView(one))


def as_text(one: Tree, width: int) -> str:
    """The whole as plain text, without a newline at its end."""
    first = head(one)
    first.truncate(width, overflow="ellipsis")
    return "\n".join(line.plain for line in (first, *TreeView(one).lines(width)))


def _cells(row: TreeRow, tree: Tree) -> Cells:
    process, sample = row.process, row.sample
    many = row.count > 1
    said = plain.line(bounded.cut(row.state.text, ROOM))
    cells = {
        "process": row.guide + plain.line(row.name[:ROOM]),
        "state": f"×{row.count} {said}" if many else said,
        "age": age(lived(process, tree.mono)) if not many and process.mono else "",
    }
    if row.hidden:
        cells["process"] += f" (+{row.hidden})"
    if many:
        return cells
    cells["pid"] = str(process.pid)
    cells["role"] = role(process)
    cells["task"] = task(process, tree.mono)
    cells["children"] = str(row.children) if row.children else ""
    if row.record is not None:
        cells["record"] = plain.line(str(row.record.get("event", ""))[:ROOM])
    if sample is not None and sample.threads >= 0:
        memory = getattr(sample, tree.memory)
        cells["cpu"] = percent(sample.cpu)
        cells["memory"] = size(memory) if memory >= 0 else "?"
        cells["threads"] = str(sample.threads)
        cells["descriptors"] = str(sample.descriptors) if sample.descriptors >= 0 else ""
    return cells


def _squeezed(cells: Cells, row: TreeRow, fitted: dict[str, int]) -> Cells:
    """The cells that end with what tells most, cut so that this stays."""
    if row.count > 1:
        return {}
    found = {"process": _name(cells["process"], row, fitted["process"])}
    if "task" in fitted:
        found["task"] = bounded.squeeze(cells["task"], fitted["task"])
    if row.state.kind == "stopped" or (row.sample and row.sample.waits_pid):
        found["state"] = bounded.squeeze(cells["state"], fitted["state"])
    return found


def _name(text: str, row: TreeRow, room: int) -> str:
    """The name with the number at its end, and the guide at its beginning."""
    if _size(text) <= room:
        return text
    guide = row.guide[-(room // 3 // 2 * 2) :] if room >= NARROWEST else ""
    return guide + bounded.squeeze(text[len(row.guide) :], max(room - len(guide), 1))


def _line(cells: Cells, fitted: dict[str, int], styles: dict[str, str]) -> Text:
    parts: list[tuple[str, str]] = []
    names = list(fitted)
    for name, width in fitted.items():
        text = cells.get(name, "")
        space = width - _size(text)
        if space < 0:
            text, space = set_cell_size(text, max(width - 1, 0)) + "…", 0
        if RIGHT[name]:
            text = " " * space + text
        elif name != names[-1]:
            text += " " * space
        parts.append((text, styles.get(name, "")))
        parts.append((" " * GAP, ""))
    line = Text.assemble(*parts[:-1], no_wrap=True, overflow="crop")
    line.rstrip()
    return line


RIGHT = {column.name: column.right for column in COLUMNS}


def _styles(row: TreeRow) -> dict[str, str]:
    """The style of each cell of a row."""
    state = STYLES.get(row.state.kind, "")
    if not row.process.alive:
        return {**dict.fromkeys(SHOWN, DIM), "state": state}
    name = colours.style_of(row.name) if row.process.observed else DIM
    busy = row.sample is not None and (row.sample.cpu or 0) >= 50  # noqa: PLR2004
    return {
        "process": name,
        "state": state,
        "task": "bold" if row.process.task else "",
        "cpu": "green" if busy else "",
        "role": DIM,
        "age": DIM,
        "record": DIM,
    }


def role(process: Process) -> str:
    """`pool worker`, with the start method where it is not told by the role."""
    if process.method in ("", "exec", process.role):
        return plain.line(process.role)
    return plain.line(f"{process.role}, {process.method}")


def task(process: Process, now: int) -> str:
    """`work(3) 1.2 s`: the task in hand, and since when."""
    one = process.task
    if one is None or not process.alive:
        return ""
    said = f"{one.call}({one.args})" if one.phase == "running" else f"{one.call} {one.phase}"
    return f"{bounded.squeeze(plain.line(said), ROOM)} {age(now - one.since)}"


def lived(process: Process, now: int) -> int:
    """The nanoseconds from its start to now, or to its end."""
    end = process.ended.mono if process.ended and not process.alive else now
    return end - process.mono


def age(nanoseconds: int) -> str:
    """`0.4s`, `14s`, `3m05`, `2h10`, `5d`: a duration in at most five characters or so."""
    seconds = max(nanoseconds, 0) / 1e9
    whole = int(seconds)
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f}s"
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m{whole % MINUTE:02}"
    if whole < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02}"
    return f"{whole // DAY}d"


def percent(share: float | None) -> str:
    """A share of one core; `-` before the second look."""
    return "-" if share is None else f"{share:.0f}%"


def size(amount: float) -> str:
    """Bytes as a person says them: `840 kB`, `121 MB`, `1.2 GB`."""
    for unit in ("B", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _size(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


if __name__ == "__main__":
    from mpdebug.views.tree_sample import sample

    Console().print(tree(sample()))
