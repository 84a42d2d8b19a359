"""What many processes answered, as text for a terminal of any width."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from mpdebug.views.plain import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import AnswerTable, EqualAnswers, EqualStacks, Frame

OTHERS = "the others"

STARTERS = ("multiprocessing", "concurrent")
"""Packages through whose frames every worker comes to the program's own."""

MANY = 20
"""Different answers that are listed; more say only that all are different."""

SHORT = 60
"""Columns of a name list or a cell before it is cut."""


def folded(groups: Sequence[EqualAnswers], width: int) -> str:
    """`64 × 7 · 3 Worker-8`, or a line for each where that is too long."""
    if not groups:
        return "nobody is stopped\n"
    together = " · ".join(one_answer(group) for group in groups)
    if len(together) <= width:
        return f"{together}\n"
    shown = groups[:MANY]
    counts = [f"{len(group.who)} ×" for group in shown]
    room = max(map(len, counts))
    lines = []
    for count, group in zip(counts, shown, strict=True):
        text = f"{count:>{room}} {line(group.text)}"
        names = cut(group.names, max(width - 2, 20))
        if len(text) + len(names) + 3 <= width:
            lines.append(f"{text}  {names}")
        else:
            lines += [text, f"{'':{room}} {names}"]
    if len(groups) > MANY:
        lines.append(f"… and {len(groups) - MANY} other answers")
    return "\n".join(lines) + "\n"


def one_answer(group: EqualAnswers) -> str:
    """`64 × 7`, or `3 Worker-8` where few gave it."""
    many = len(group.who)
    if many > 2:  # noqa: PLR2004 - so few are named
        return f"{many} × {line(group.text)}"
    return f"{line(group.text)} {group.names}"


def odd_ones(
    groups: Sequence[EqualAnswers], found: Sequence[EqualAnswers] | None, width: int
) -> str:
    """Who is in the minority, and what the others say."""
    if not groups:
        return "nobody is stopped\n"
    if found is None:
        return "no answer is the most frequent:\n" + folded(groups, width)
    usual = groups[0]
    if not found:
        many = len(usual.who)
        if many == 1:
            return f"only {usual.names} is stopped: {line(usual.text)}\n"
        return f"none is odd: all {many} say {line(usual.text)}\n"
    room = max(len(OTHERS), *(min(len(group.names), SHORT) for group in found))
    shown = found[:MANY]
    lines = [f"{cut(group.names, SHORT):{room}}  {line(group.text)}" for group in shown]
    if len(found) > MANY:
        lines.append(f"… and {len(found) - MANY} other answers")
    lines.append(f"{OTHERS:{room}}  {len(usual.who)} × {line(usual.text)}")
    return "\n".join(lines) + "\n"


def table(found: AnswerTable, width: int) -> str:
    """Questions down, processes across; equal columns are one. Too wide: a block for each."""
    if not found.columns:
        return "nobody is stopped\n"
    names = [cut(column.names, SHORT) for column in found.columns]
    rows = [["", *names]]
    for question, cells in zip(found.questions, found.cells, strict=True):
        rows.append([question, *(cut(cell, SHORT) for cell in cells)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    if sum(widths) + 2 * len(widths) <= width:
        padded = [
            "  ".join(f"{cell:{room}}" for cell, room in zip(row, widths, strict=True))
            for row in rows
        ]
        return "\n".join(map(str.rstrip, padded)) + "\n"
    lines = []
    room = max(map(len, found.questions))
    for at, column in enumerate(found.columns):
        lines.append(cut(column.names, width))
        lines += [
            f"  {question:{room}}  {line(cells[at])}"
            for question, cells in zip(found.questions, found.cells, strict=True)
        ]
    return "\n".join(lines) + "\n"


def stacks(found: Sequence[EqualStacks], cwd: str, width: int) -> str:
    """Each stack once, innermost frame last, with who stands in it."""
    if not found:
        return "nobody is stopped\n"
    lines = []
    for group in found:
        lines.append(cut(f"{len(group.who)} × {group.names}", width))
        for package, frames in groupby(group.frames, _package):
            shown = list(frames)
            if package and len(shown) > 1:
                lines.append(f"  … {len(shown)} frames of {package}")
                continue
            lines += [text for frame in shown for text in _frame(frame, cwd, width)]
    return "\n".join(lines) + "\n"


def _frame(frame: Frame, cwd: str, width: int) -> list[str]:
    text = f"  {short_path(frame.file, cwd)}:{frame.line} in {frame.function}"
    return [text, f"    {cut(frame.source, max(width - 4, 20))}"] if frame.source else [text]


def _package(frame: Frame) -> str:
    """The package whose frames say nothing about the program."""
    return next((name for name in STARTERS if f"/{name}/" in frame.file), "")


def short_path(path: str, cwd: str) -> str:
    """A path as one would type it in that folder."""
    return path[len(cwd) + 1 :] if cwd and path.startswith(cwd + "/") else path


def cut(text: str, room: int) -> str:
    """A text in one line of this many columns."""
    text = line(text)
    return text if len(text) <= room else text[: max(room - 1, 1)] + "…"


if __name__ == "__main__":
    from rich.console import Console

    from mpdebug.model import AnswerTable, EqualAnswers, EqualStacks, Frame

    show = Console(highlight=False).print
    SEVEN = EqualAnswers("7", tuple(f"Worker-{n}" for n in range(1, 8)), "Worker-1..7")
    THREE = EqualAnswers("3", ("Worker-8",), "Worker-8")
    HERE = (Frame("/home/me/app.py", 12, "main", "run()"),)
    show(folded((SEVEN, THREE), 80))
    show(odd_ones((SEVEN, THREE), (THREE,), 80))
    show(table(AnswerTable(("rows", "n"), (SEVEN, THREE), (("7", "3"), ("1", "1"))), 80))
    show(stacks((EqualStacks(HERE, SEVEN.who, SEVEN.names),), "/home/me", 80))
