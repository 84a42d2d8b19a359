"""Why a child may have died of SIGBUS: told by who reads its exit status, before it goes on.

A mapping whose file has become shorter, or memory that the full /dev/shm does not have: both
can be seen a moment after the death, and mostly not much later.
"""

from __future__ import annotations

import os

from mpdebug.agent import guard, process
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHM = "/dev/shm"  # noqa: S108 - looked at, nothing is put there
MOST = 200


def tell(pid: int) -> None:
    """Write down what files are shorter than this process maps them, and what room is left."""
    here = process.here
    if here is None:
        return
    said: dict[str, Any] = {"what": "bus", "pid": pid, "short": _short()}
    with guard.quiet:
        room = os.statvfs(SHM)
        said["size"] = room.f_blocks * room.f_frsize
        said["free"] = room.f_bavail * room.f_frsize
    here.event(layout.EV_REMARK, **said)


def _short() -> list[list[Any]]:
    """[path, bytes mapped, bytes there] of each shared mapping that reaches too far."""
    found: list[list[Any]] = []
    page = os.sysconf("SC_PAGESIZE")
    with open("/proc/self/maps", "rb") as file:
        for line in file.read().splitlines()[: MOST * 10]:
            fields = line.split(None, 5)
            if len(fields) < 6 or fields[1][3:4] != b"s":  # noqa: PLR2004 - not shared
                continue
            path = os.fsdecode(fields[5])
            low, high = (int(part, 16) for part in fields[0].split(b"-"))
            end = int(fields[2], 16) + high - low
            try:
                size = os.stat(path).st_size
            except OSError:  # deleted, or no file
                continue
            if -(-size // page) * page < end and len(found) < MOST:
                found.append([path, end, size])
    return found
