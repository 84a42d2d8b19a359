"""Locks of files (flock, lockf): who has them.

/proc/locks tells who took a lock. Of flock that may be long over for that process: the lock
belongs to the open file, which children inherit, and stays until the last of them has closed
it. So /proc/PID/fdinfo is asked, which lists the locks of each open file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mpdebug.model_waits import Hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def locked_by(pids: Iterable[int]) -> dict[int, set[str]]:
    """Process → ids of the files of which it has a lock; all its open files are read for it."""
    return {pid: _locked_by(pid) for pid in pids}


def users_of(one: str, members: dict[int, str], locked: dict[int, set[str]]) -> tuple[str, ...]:
    """Who has a lock of this file: keys, and `pid:4711` of a stranger that took it."""
    found = [members[pid] for pid, files in locked.items() if one in files]
    for pid, file in _taken(LOCKS):
        if file == one and pid not in members and not (pid < 0 and found):
            found.append(f"pid:{pid}")
    return tuple(dict.fromkeys(found))


def holds(
    files: Iterable[str], members: dict[int, str], locked: dict[int, set[str]]
) -> list[Hold]:
    """Members that have a lock of one of these files; by which thread is not told.

    Args:
        files: ids of those that somebody waits for.
        members: their keys by pid.
        locked: see `locked_by`.
    """
    return [
        Hold(process=members[pid], thing=one, tid=0, state="held")
        for pid, found in locked.items()
        for one in files
        if one in found
    ]


def _locked_by(pid: int) -> set[str]:
    """Ids of the files of which an open file of this process has a lock."""
    above = f"/proc/{pid}/fdinfo"
    try:
        names = os.listdir(above)
    except OSError:
        return set()
    return {file for name in names for _, file in _taken(f"{above}/{name}", "lock:")}


def _taken(path: str, first: str = "") -> Iterator[tuple[int, str]]:
    """(pid, id of the file) of each lock in a file of /proc; not of who waits for one."""
    try:
        with open(path, encoding="ascii") as file:
            rows = [line.split() for line in file]
    except OSError:  # it was closed just now
        return
    for row in rows:
        words = row[1:] if first and row[:1] == [first] else [] if first else row
        if len(words) >= FEWEST and words[1] != "->":
            yield int(words[4]), f"file:{words[5]}"
