"""What is in /dev/shm of multiprocessing's making, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from mpdebug.model_shared import FREE, IN_USE, SEGMENT, SEMAPHORE, UNSURE, Holder, Kept
from mpdebug.views import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

STYLES = {FREE: "yellow", IN_USE: "green", UNSURE: "dim"}
FEW = 3


def kept(rows: Sequence[Kept], *, removed: Sequence[Kept] = ()) -> RenderableType:
    """A row for each, and what the sum is.

    Args:
        rows: what is there.
        removed: those of them that have just been removed.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("name", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("who has it, where it was made", ratio=1)
    gone = {one.inode for one in removed}
    for one in rows:
        state = "removed" if one.inode in gone else one.state
        table.add_row(
            plain.line(one.name),
            one.kind,
            f"{one.size:,}",
            plain.day_and_clock(one.modified_at),
            Text(state, STYLES.get(one.state, "")),
            Text(plain.line(_more(one))),
        )
    return Group(table, Text(_sum(rows, removed)))


def _more(one: Kept) -> str:
    parts = [f"{each.name} (pid {each.pid})" for each in one.holders[:FEW]]
    if len(one.holders) > FEW:
        parts.append(f"and {len(one.holders) - FEW} more")
    said = ", ".join(parts) or one.why
    if one.label is not None:
        made = f"made at {one.label.where} by {one.label.maker.name}"
        said = f"{said}; {made}" if said else made
    return said


def _sum(rows: Sequence[Kept], removed: Sequence[Kept]) -> str:
    if removed:
        amount = sum(one.size for one in removed)
        return f"Removed {len(removed)}, {amount:,} bytes."
    free = [one for one in rows if one.state == FREE]
    if not free:
        return "Nothing is left over."
    amount = sum(one.size for one in free)
    return f"{len(free)} left over, {amount:,} bytes. To remove them: mpdebug gc --remove"


def sample() -> list[Kept]:
    """Rows to look at."""
    return [
        Kept("psm_0a1b2c3d", SEGMENT, 7, 1_000_000, 1.0e9, FREE),
        Kept(
            "sem.mp-ab12cd34", SEMAPHORE, 8, 32, 1.0e9, IN_USE, "",
            (Holder("python", 12, "maps"),),
        ),
        Kept("sem.mp-ef56gh78", SEMAPHORE, 9, 32, 1.0e9, UNSURE, "it cannot be opened"),
    ]  # fmt: skip


if __name__ == "__main__":
    Console().print(kept(sample()))
