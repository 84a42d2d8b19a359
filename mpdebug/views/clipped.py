"""Lines that are cut at the right margin, where rich would wrap them or drop what is beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.measure import Measurement
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import ConsoleOptions, RenderResult


class Clipped:
    """Lines that end at the right margin and are never wrapped.

    The beginning of each stays: in a tree that is what tells one line from another. In a table
    its column is the one that gives way, unless that is said to be `no_wrap`: rich takes from
    such columns as from all others, down to nothing.
    """

    def __init__(self, lines: Sequence[Text]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            line.truncate(options.max_width, overflow="ellipsis")
            line.no_wrap, line.overflow = True, "ignore"
            yield line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max((line.cell_len for line in self.lines), default=0)
        return Measurement(1, max(widest, 1)).with_maximum(options.max_width)


if __name__ == "__main__":
    Console().print(Group(Clipped([Text("a line that is too long " * 20)])))
