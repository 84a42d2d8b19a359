"""Locks of files (flock, lockf): who has them, as /proc/locks tells."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mpdebug.model_waits import Hold

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCKS = "/proc/locks"
FEWEST = 6
"""Words of a line: number, kind, how, READ or WRITE, pid, device:inode; then the range."""


def id_of(path: str) -> str:
    """The id of the file that this path leads to, as /proc/locks has it; empty: none there."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
    return f"file:{device}:{found.st_ino}"


def holders() -> dict[str, list[int]]:
    """Id of each locked file → the pids of those that locked it; -1: it is not known who."""
    found: dict[str, list[int]] = {}
    try:
        with open(LOCKS, encoding="ascii") as file:
            rows = [line.split() for line in file]
    except OSError:
        return {}
    for row in rows:
        if len(row) >= FEWEST and row[1] != "->":  # that one waits
            found.setdefault(f"file:{row[5]}", []).append(int(row[4]))
    return found


def users_of(one: str, members: dict[int, str]) -> tuple[str, ...]:
    """Who has locked a file: keys, and `pid:4711` of a stranger."""
    return tuple(members.get(pid, f"pid:{pid}") for pid in holders().get(one, ()))


def holds(ids: Iterable[str], members: dict[int, str]) -> list[Hold]:
    """Members that have locked one of these files; by which thread is not told.

    Args:
        ids: of all things; those of files are looked for.
        members: their keys by pid.
    """
    wanted = [one for one in ids if one.startswith("file:")]
    found = holders() if wanted else {}
    return [
        Hold(process=members[pid], thing=one, tid=0, state="held")
        for one in wanted
        for pid in found.get(one, ())
        if pid in members
    ]
