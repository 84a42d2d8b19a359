"""Sleeping until a file changes: the kernel's inotify through ctypes (Linux only).

Readers of a run sleep here instead of looking: polling 200 folders is most of a percent of a
core. An inotify descriptor is ready for reading when something happened; events that the
kernel had no room for are told by one event with `OVERFLOW`, after which everything has to be
looked at once.
"""

from __future__ import annotations

import os
import struct
from collections import Counter

MODIFY = 0x2
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
DELETE_SELF = 0x400
OVERFLOW = 0x4000
IGNORED = 0x8000  # the watch is gone: its file was removed
ONLYDIR = 0x01000000
ISDIR = 0x40000000

EVENT = struct.Struct("iIII")  # wd, mask, cookie, length of the name that follows
SHORT_NAME = 16
SHORT = struct.Struct(f"iIII{SHORT_NAME}s")
CHUNK = 1 << 16


class Inotify:
    """One inotify descriptor, close-on-exec and non-blocking.

    Raises OSError where there is no inotify (another system), or no more of it (the limits of
    the user in /proc/sys/fs/inotify): the caller then looks every half second.
    """

    def __init__(self) -> None:
        import ctypes  # noqa: PLC0415  # 4 ms that the processes of the program never pay

        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            init = self._libc.inotify_init1
            self._errno = ctypes.get_errno
        except (AttributeError, OSError, TypeError) as error:
            raise OSError("there is no inotify on this system") from error
        self._fd: int = init(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._fd < 0:
            self._fail("inotify_init1")

    def _fail(self, what: str) -> None:
        number = self._errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")

    def add(self, path: str, mask: int) -> int:
        """Watch a file or a folder; returns the number that its events carry.

        The same file watched twice has one number. Raises OSError: no such file, or no more
        watches for this user.
        """
        wd: int = self._libc.inotify_add_watch(self._fd, os.fsencode(path), mask)
        if wd < 0:
            self._fail(f"watching {path}")
        return wd

    def remove(self, wd: int) -> None:
        """Watch it no more; nothing happens if the kernel dropped the watch already."""
        self._libc.inotify_rm_watch(self._fd, wd)

    def read(self) -> dict[tuple[int, int, str], int]:
        """What happened since the last call: (number of the watch, mask, name) → how often.

        In the order in which each happened first. Empty if nothing did; never blocks. The name
        is that in the folder, and empty for the watched file itself.
        """
        try:
            data = os.read(self._fd, CHUNK)
        except BlockingIOError:
            return {}
        events: dict[tuple[int, int, str], int] = {}
        for (wd, mask, name), count in _counted(data).items():
            event = wd, mask, os.fsdecode(name.rstrip(b"\0"))
            events[event] = events.get(event, 0) + count
        return events

    def fileno(self) -> int:
        """The descriptor, for select, poll and epoll."""
        return self._fd

    def close(self) -> None:
        """Give the descriptor and all its watches back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _counted(data: bytes) -> Counter[tuple[int, int, bytes]]:
    """The events in what was read. Thousands are of the same few: to decode each takes 2 µs."""
    counted: Counter[tuple[int, int, bytes]] = Counter()
    if len(data) % SHORT.size == 0:  # all of them have a name of one to sixteen bytes?
        short = Counter(SHORT.iter_unpack(data))
        if all(length == SHORT_NAME for _, _, _, length, _ in short):
            for (wd, mask, _, _, name), count in short.items():
                counted[wd, mask, name] += count
            return counted
    at = 0
    while at < len(data):
        wd, mask, _, length = EVENT.unpack_from(data, at)
        at += EVENT.size
        counted[wd, mask, data[at : at + length]] += 1
        at += length
    return counted
