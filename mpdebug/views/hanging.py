"""Labelled lines that wrap below their own text, without the trailing blanks of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderResult

NARROWEST = 20
"""Columns that the text gets at least, however far its label reaches."""


@dataclass(frozen=True, slots=True)
class Hanging:
    """A label and a text; the text's further lines begin where its first one does.

    Attributes:
        label: stands once, in front of the first line.
        text: wrapped to the width; its own line breaks stay.
        width: columns from the margin to where the text begins.
        indent: columns in front of the label.
        whole: stands behind the text, and is never broken: a command to copy.
    """

    label: Text
    text: Text
    width: int
    indent: int = 2
    whole: Text | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(options.max_width - self.width, NARROWEST)
        head = Text(" " * self.indent)
        head.append_text(self.label)
        head.append(" " * max(self.width - head.cell_len, 1))
        lines = list(self.text.wrap(console, room, justify="left", overflow="fold"))
        if self.whole is not None:
            lines[-1].rstrip()
            if lines[-1].cell_len + 2 + self.whole.cell_len <= room:
                lines[-1].append("  ").append_text(self.whole)
            else:
                lines.append(self.whole.copy())
        for line in lines:
            line.rstrip()
            row = Text.assemble(head, line) if line.plain else Text("")
            row.overflow, row.no_wrap = "ignore", True
            yield row
            head = Text(" " * self.width)


if __name__ == "__main__":
    LONG = (
        "every word of this long line stands below the first one, however narrow it gets " * 3
    )
    Console().print(Hanging(Text("was running", "dim"), Text(LONG.strip()), 15))
