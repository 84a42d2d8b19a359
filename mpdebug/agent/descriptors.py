"""Descriptors of ours: close-on-exec, out of the program's way, and never trusted blindly.

A daemonising program closes every descriptor there is, and its next socket then gets the
number that we still hold: a log line would go to its client. So before a write the descriptor
is compared, by device and inode, with what it was when we opened it. What Python code closes
is seen (`patch/descriptors.py`), so only what C code closes has to be found out by that, and
once in a quarter of a millisecond will do: asking for every record takes a tenth of a logging
call, and a number as high as ours is not taken again that soon.

An OSError that a signal handler of the program raises meanwhile is let through: TimeoutError,
the usual end of an alarm, is one.
"""

from __future__ import annotations

import _thread
import errno
import os
import sys
from os import SEEK_CUR

from mpdebug.agent import guard
from mpdebug.agent.clock import Clock
from mpdebug.real import Real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HIGH = 500
"""Programs, and tests of programs, count and reuse the low numbers. Below 1024 for select()."""

TRUST = 250_000
"""Nanoseconds for which a descriptor is taken for what it was."""

closing = 0
"""How many threads of the program are in a call that closes descriptors of ours."""

lowest = HIGH
"""No descriptor that we hold has a lower number."""


def open_high(path: str, flags: int, mode: int = 0o600) -> int:
    """Open a file on a high, close-on-exec descriptor. Raises OSError."""
    global lowest  # noqa: PLW0603
    low = Real.open(path, flags | os.O_CLOEXEC, mode)
    for least in (HIGH, 100, 20):  # RLIMIT_NOFILE may be below
        try:
            high = _copy(low, least)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            continue
        Real.close(low)
        lowest = min(lowest, least)
        return high
    lowest = min(lowest, low)
    return low


def _copy(fd: int, least: int) -> int:
    """The same open file under the first number that is free from `least` on."""
    if duplicate is None and not running_threads():  # nobody takes it between two steps
        for number in range(least, least + 8):
            try:
                Real.fstat(number)
            except OSError as error:
                if guard.is_from_outside(error):
                    raise
                return Real.dup2(fd, number, inheritable=False)
    if duplicate is None and not load_fcntl():
        raise OSError(errno.ENOSYS, "there is no fcntl")
    return duplicate(fd, F_DUPFD_CLOEXEC, least)  # type: ignore[misc]


def load_fcntl() -> bool:
    """Load what does that in one step; False where it cannot be had.

    Not at every start: it takes as long as a tenth of that. By now the program may have one of
    that name beside its script, or a mock.
    """
    global duplicate, F_DUPFD_CLOEXEC  # noqa: PLW0603
    found = guard.function_in_c("fcntl", "fcntl")
    if found is not None:
        F_DUPFD_CLOEXEC = sys.modules["fcntl"].F_DUPFD_CLOEXEC
        duplicate = found
    return found is not None


duplicate: Callable[[int, int, int], int] | None = None
F_DUPFD_CLOEXEC = 0

running_threads: Callable[[], int] = getattr(_thread, "_count", int)
"""How many threads Python has started that still run."""

make_room: Callable[[], bool] = bool
"""Set by the agent: gives up a descriptor of ours for another; False if there is none left."""


def have_room() -> None:
    """Give up a descriptor of ours where the program has left none: there is much to tell."""
    try:
        Real.close(Real.open("/", os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        if guard.is_from_outside(error):
            raise
        if error.errno in (errno.EMFILE, errno.ENFILE):
            make_room()


class LineFile:
    """A text file of ours that only grows: one `write` a line, and nothing between us and it.

    No `io` object: the C lock of a BufferedWriter deadlocks in a child that is forked while
    another thread writes. No lock of our own either: O_APPEND keeps lines whole. Never raises
    OSError; what could not be written is counted and told as soon as a write succeeds again.
    """

    __slots__ = ("cap", "dropped", "fd", "ident", "looked", "path", "size", "torn")

    def __init__(self, path: str, cap: int) -> None:
        self.path = path
        self.cap = cap
        self.size = 0
        self.fd = -1
        self.ident = (0, 0)
        self.looked = 0  # when the descriptor was compared, CLOCK_MONOTONIC ns
        self.torn = False
        self.dropped = 0

    def open(self) -> bool:
        """Open, or open again; False if that cannot be done now."""
        try:
            self.fd = open_high(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            found = Real.fstat(self.fd)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            self.fd = -1
            return error.errno in (errno.EMFILE, errno.ENFILE) and make_room() and self.open()
        self.ident = (found.st_dev, found.st_ino)
        self.size = found.st_size
        return True

    def is_ours(self) -> bool:
        """Whether the descriptor still is the file that we opened."""
        if self.fd < 0:
            return False
        try:
            found = Real.fstat(self.fd)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            return False
        if (found.st_dev, found.st_ino) != self.ident:
            return False
        self.size = found.st_size
        return True

    def _stands(self) -> bool:
        """Whether it stands where our last write ended: that is a seventh of `is_ours`.

        Another file that got the number would have to stand at the very same byte; where
        another thread wrote in between, the file is looked at.
        """
        try:
            return self.size > 0 and Real.lseek(self.fd, 0, SEEK_CUR) == self.size
        except OSError as error:  # closed, or a pipe or socket by now
            if guard.is_from_outside(error):
                raise
            return False

    def write(self, line: bytes, read_mono: Callable[[], int] = Clock.mono) -> bool:
        """Append one line (with its newline). False if it was not written whole."""
        now = read_mono()
        if now - self.looked > TRUST or self.size > self.cap:
            if self.size > self.cap or not (self._stands() or self.is_ours() or self.open()):
                self.dropped += 1
                return False
            self.looked = 0 if closing else now
        data = b"\n" + line if self.torn else line
        try:
            done = Real.write(self.fd, data)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            if error.errno == errno.EBADF and self.looked != now:  # C code has closed it since
                self.looked = 0
                return self.write(line)
            self.dropped += 1  # disk full, quota, file size limit (Python ignores SIGXFSZ)
            return False
        self.size += done
        self.torn = done != len(data)
        if self.torn:
            self.dropped += 1
        return not self.torn

    def close(self) -> None:
        """Give the descriptor back if it still is ours."""
        if self.is_ours():
            Real.close(self.fd)
        self.fd = -1
        self.looked = 0
