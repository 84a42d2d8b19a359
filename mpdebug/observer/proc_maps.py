"""What a process maps for all to see, and what it holds open, out of /proc."""

from __future__ import annotations

import os
import re
import stat
from typing import NamedTuple

SHARED = re.compile(
    rb"^([0-9a-f]+)-([0-9a-f]+) (.)(.).s [0-9a-f]+ ([0-9a-f:]+) ([0-9]+) *(.*)$", re.MULTILINE
)
"""A line of /proc/PID/maps that has MAP_SHARED."""

DELETED = " (deleted)"


class Mapping(NamedTuple):
    """A range of a process's memory that it shares with all who map the same file."""

    start: int
    size: int  # bytes, in whole pages
    writes: bool
    device: str  # "00:1b"; an inode is one only with it
    inode: int
    path: str  # without " (deleted)"
    deleted: bool


class Open(NamedTuple):
    """A descriptor."""

    number: int
    target: str  # "pipe:[4711]", or a path
    writes: bool
    reads: bool


def shared_maps(pid: int) -> list[Mapping]:
    """The shared mappings of a process. Raises OSError: it has ended, or is not ours."""
    with open(f"/proc/{pid}/maps", "rb") as file:
        text = file.read()
    found = []
    for low, high, _reads, writes, device, inode, raw in SHARED.findall(text):
        path = os.fsdecode(raw)
        start = int(low, 16)
        deleted = path.endswith(DELETED)
        found.append(
            Mapping(
                start,
                int(high, 16) - start,
                writes == b"w",
                device.decode(),
                int(inode),
                path.removesuffix(DELETED),
                deleted,
            )
        )
    return found


def descriptors(pid: int) -> list[Open]:
    """The open descriptors of a process. Raises OSError as `shared_maps` does."""
    found = []
    above = f"/proc/{pid}/fd"
    for name in os.listdir(above):
        try:
            target = os.readlink(f"{above}/{name}")
            mode = os.lstat(f"{above}/{name}").st_mode if target[:5] == "pipe:" else 0
        except OSError:  # just closed
            continue
        found.append(
            Open(int(name), target, bool(mode & stat.S_IWUSR), bool(mode & stat.S_IRUSR))
        )
    return found


def inode_in(target: str) -> int:
    """4711 of "pipe:[4711]"; 0 of anything else."""
    digits = target.partition(":[")[2].rstrip("]")
    return int(digits) if digits.isdigit() else 0


def file_of(pid: int, number: int) -> tuple[int, int]:
    """(inode, bytes) of the file behind a descriptor; zeros if it is closed by now."""
    try:
        found = os.stat(f"/proc/{pid}/fd/{number}")
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size


def who_maps(inodes: set[int]) -> dict[int, list[tuple[int, str]]]:
    """Inode of a file in /dev/shm → (pid, command) of each process of the system that has it.

    Processes of other users cannot be looked at, and could not have opened our files.
    """
    found: dict[int, list[tuple[int, str]]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        pid = int(name)
        try:
            held = {one.inode for one in shared_maps(pid) if "/dev/shm/" in one.path}  # noqa: S108
            for one in descriptors(pid):
                if one.target.startswith("/dev/shm/"):  # noqa: S108
                    held.add(file_of(pid, one.number)[0])
            for inode in held & inodes:
                found.setdefault(inode, []).append((pid, _command(pid)))
        except OSError:
            continue
    return found


def _command(pid: int) -> str:
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().strip()
