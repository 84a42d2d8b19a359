"""Merged records as a file of JSON lines: what `--log-file` writes."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpdebug.observer.who import Who

AT_ONCE = 1 << 18
"""Bytes written at once, about: a batch of many megabytes need not be in memory twice."""


class JsonLinesHandler(logging.Handler):
    """Appends records to a file: JSON lines, `time` first, `pid` and `process` last.

    The lines are those of the processes with two keys more; nothing is parsed. A full disk
    does not end the listening: it is told once, lines are left out, and when there is room
    again a record in the file tells how many. Opening raises OSError.

    Args:
        path: the file; made if it is missing, added to if it is there. A number: a
            descriptor that is open, and stays open.
        tell: is called with a sentence when the file cannot be written.
    """

    def __init__(self, path: str | int, tell: Callable[[str], object] = lambda _: None) -> None:
        super().__init__()
        self.path = path
        self._tell = tell
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._owned = isinstance(path, str)
        self._fd = path if isinstance(path, int) else os.open(path, flags, 0o600)
        self._told = False
        self._lost = 0  # lines that were left out since the last one that was written
        self._torn = False  # the last line in the file has no newline

    def emit_lines(self, lines: list[tuple[bytes, Who]]) -> None:
        """Write a batch of records with few system calls."""
        size = sum([len(line) for line, _ in lines])
        step = AT_ONCE * len(lines) // max(size, 1) + 1
        for start in range(0, len(lines), step):
            some = lines[start : start + step]
            self._write(b"".join([line[:-1] + who.tail for line, who in some]), len(some))

    def emit_line(self, line: bytes, who: Who) -> None:
        """Write one record."""
        self.emit_lines([(line, who)])

    def close(self) -> None:
        """Close the file."""
        if self._owned and self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
        self._fd = -1
        super().close()

    def _write(self, data: bytes, count: int) -> None:
        if self._fd < 0 or not data:
            return
        if self._lost or self._torn:
            data = self._resume(data)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            written = len(data) - len(view)
            torn = written - (data.rfind(b"\n", 0, written) + 1)
            self._torn = torn > 0 and not self._cut_off(torn)
            self._lost += count - data.count(b"\n", 0, written)
            if not self._told:
                self._told = True
                self._tell(f"cannot write {self.path}: {error.strerror}; records are left out")
            return
        self._lost = 0
        self._torn = False

    def _cut_off(self, torn: int) -> bool:
        """Take the beginning of a line out of the file again; False if that cannot be done."""
        try:
            end = os.lseek(self._fd, 0, os.SEEK_CUR)
            if os.fstat(self._fd).st_size != end:  # somebody else writes to it too
                return False
            os.ftruncate(self._fd, end - torn)
        except OSError:  # not a file of a disk
            return False
        return True

    def _resume(self, data: bytes) -> bytes:
        """Put before these lines what tells of those that could not be written."""
        time = data[8:25]
        told = b""
        if self._lost:
            told = (
                b'{"time":%s,"level":"WARNING","logger":"mpdebug",'
                b'"event":"%d records could not be written"}\n' % (time, self._lost)
            )
        return (b"\n" if self._torn else b"") + told + data
