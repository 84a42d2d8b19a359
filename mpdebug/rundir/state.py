"""The `state` file of a process: hot facts in shared memory that survive its SIGKILL.

Written by the process itself through mmap and read by anybody. The first page has the task in
hand; behind it are the locks that are held, see `held.py`. Layout of the page, little endian:

    0   8s   magic b"mpdebug1"
    8   Q    task sequence: odd while the slot is being written
    16  Q    task since, CLOCK_MONOTONIC ns
    24  Q    phase: 0 idle, 1 running, 2 sending its result
    32  Q    length of the text
    40  ...  the task as a JSON object, UTF-8, at most TASK_ROOM bytes

The single words are stored through `memoryview.cast("Q")`: `struct.pack_into` is not one
store, and a reader saw zero in 8% of reads.

The JSON object of a task has: `call` (the function's name), `args` (its arguments, bounded),
`owner` (key of the Pool or executor in the parent's events) and `job` (int).
"""

from __future__ import annotations

import mmap
import os

from mpdebug.real import Real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIZE = 4096
WHOLE = 96 * 1024
"""The length of the file. Blocks are reserved as they are needed, the first page at once."""
MAGIC = b"mpdebug1"
TASK_AT = 40
TASK_ROOM = 1024
SEQUENCE, SINCE, PHASE, LENGTH = 1, 2, 3, 4  # indexes of 8-byte words

IDLE, RUNNING, SENDING = 0, 1, 2
PHASES = ("idle", "running", "sending its result")


class StateWriter:
    """The writing end. OSError where the file cannot be made or its blocks reserved."""

    __slots__ = ("map", "path", "reserved", "words")

    def __init__(self, path: str, size: int = SIZE) -> None:
        self.path = path
        fd = Real.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _reserve(fd, 0, size)
            Real.ftruncate(fd, WHOLE)
            self.map = mmap.mmap(fd, WHOLE)
        finally:
            Real.close(fd)
        self.reserved = size
        self.words = memoryview(self.map).cast("Q")
        self.map[0:8] = MAGIC

    def reserve(self, size: int) -> None:
        """Have blocks for so many bytes of the file. OSError where there are none."""
        if size <= self.reserved:
            return
        fd = Real.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            _reserve(fd, self.reserved, size - self.reserved)
        finally:
            Real.close(fd)
        self.reserved = size

    def task(self, text: bytes, since: int) -> None:
        """This process begins a task."""
        words = self.words
        text = text[:TASK_ROOM]
        words[SEQUENCE] |= 1  # a signal handler may have raised in the middle of the last one
        words[PHASE] = RUNNING
        words[SINCE] = since
        words[LENGTH] = len(text)
        self.map[TASK_AT : TASK_AT + len(text)] = text
        words[SEQUENCE] += 1

    def phase(self, phase: int) -> None:
        """The task in hand goes on to another phase; IDLE: there is none any more."""
        self.words[PHASE] = phase

    def close(self) -> None:
        """Give the mapping back."""
        self.words.release()
        self.map.close()


def _reserve(fd: int, begin: int, size: int) -> None:
    """A page without a block would kill the program at its first store on a full disk."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, begin, size)
    else:
        os.pwrite(fd, bytes(size), begin)


def read_task(path: str) -> tuple[int, int, bytes] | None:
    """(phase, since in monotonic ns, JSON text) of a state file.

    None if there is no such file, or the writer was killed in the middle of a change.
    """
    from mpdebug.rundir.lines import open_file  # noqa: PLC0415 - loads json; only readers come here

    for _ in range(3):
        try:
            fd = open_file(path)
        except OSError:
            return None
        try:
            page = Real.read(fd, SIZE)
        except OSError:
            return None
        finally:
            Real.close(fd)
        if len(page) < SIZE or page[:8] != MAGIC:
            return None
        words: Any = memoryview(page).cast("Q")
        if words[SEQUENCE] % 2 == 0:
            length = min(words[LENGTH], TASK_ROOM)
            return words[PHASE], words[SINCE], page[TASK_AT : TASK_AT + length]
    return None
