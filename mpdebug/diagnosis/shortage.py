"""What was found a moment after a death by SIGBUS: a file too short, or no room in /dev/shm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Process

SHM = "/dev/shm/"  # noqa: S108 - taken off the names
PAGE = 1 << 16
"""Where less than this is free, nothing is: it is handed out in pages."""

SHORTER = (
    "it was made shorter (truncate, or made anew under its name) while somebody had it mapped: "
    "keep its size, or let all map it again"
)
FULL = "make it larger (docker run --shm-size=1g; mount -o remount,size=…), or share less"


def of(process: Process, people: Relations) -> list[tuple[str, str]]:
    """(label, text) of what was found, with the cure; nothing where nothing was."""
    said = next(
        (
            note.said
            for one in people.run.processes
            for note in one.notes
            if note.said.get("what") == "bus"
            and note.said.get("pid") == process.pid
            and note.mono >= process.mono
        ),
        {},
    )
    short = said.get("short")
    if isinstance(short, list) and short:
        path, mapped, there = short[0]
        name = str(path).removeprefix(SHM)
        what = "shared memory" if name != path else "the file"
        return [
            ("memory", f"{what} {name} is {there:,} bytes now, and {mapped:,} are mapped"),
            ("cure", SHORTER),
        ]
    size, free = said.get("size"), said.get("free")
    if isinstance(size, int) and isinstance(free, int) and size and free < PAGE:
        return [("memory", f"{SHM[:-1]} is full: {size / 1e6:,.0f} MB"), ("cure", FULL)]
    return []
