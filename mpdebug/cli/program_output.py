r"""The terminal that a program prints to under --watch, and the thread that passes it on.

The program's stdout and stderr, where they are our terminal, become a pty: it sees a terminal
of the size that it has above the picture, and we know when its text is whole. Its stdin and its
controlling terminal stay the real one. So Ctrl-C, Ctrl-Z, Ctrl-\, `fg`, a hang-up, what is
typed and its echo work as without us. We set no mode of the terminal, but pass on those that
the program sets through its stdout or stderr (less and curses do); what is still set when it
has ended is put back.

Text is passed on byte for byte, whole lines at once where they come at once.

What remains: what outlives both the program and us can no longer print; the program's stdout
has no foreground process group to ask for (its stdin has).
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import termios
import threading
import time
from typing import TYPE_CHECKING, Any

from mpdebug.cli.bottom_rows import most_rows
from mpdebug.observer.tty import is_foreground, reader_of

if TYPE_CHECKING:
    from mpdebug.cli.bottom_rows import BottomRows

SILENCE = 0.01
"""Seconds that we wait for the rest of a line before its beginning is passed on."""

HELD = 0.1  # seconds for which the beginning of a line waits at most
LOOK_EVERY = 0.25  # seconds between two looks at the size of the window
KEYS_EVERY = 0.05  # seconds between two looks for keys, while the program takes single ones
AT_ONCE = 1 << 16
KEYS_AT_ONCE = 1 << 10
DRAINS = 1.0  # seconds for what is left at the end: something may print for ever

UNFINISHED = re.compile(
    rb"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[ -/]*)"
    rb"|[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)
"""The beginning of a control sequence or of a character, at the end of what came so far."""

LONGEST = 256  # bytes of a control sequence that we wait for
FULL_SCREEN = re.compile(rb"\x1b\[\?(?:1049|1047|47)([hl])")
ERASES = re.compile(rb"\x1b(?:c|\[[023]?J|\[[0-9;]*r|\[!p)")
RETURNS = termios.OPOST | termios.ONLCR  # a newline is written as a return and a newline
WHO = "the program draws a full screen"


class ProgramOutput:
    """The pty, and the thread that passes on what is printed to it.

    Args:
        bottom: the rows of the real terminal that are not the program's.
        fds: which of the program's 1 and 2 it takes the place of.

    Raises:
        OSError: this system has no more ptys.
    """

    def __init__(self, bottom: BottomRows, fds: frozenset[int]) -> None:
        self.bottom = bottom
        self.terminal = bottom.terminal
        self._ours, self.slave = os.openpty()
        os.set_blocking(self._ours, False)
        self._before: list[Any] = []  # the terminal's modes
        with contextlib.suppress(termios.error):
            self._before = termios.tcgetattr(self.terminal.fd)
            termios.tcsetattr(self.slave, termios.TCSANOW, self._before)
        self._first = self._modes = termios.tcgetattr(self.slave)
        self.replaced = dict.fromkeys(fds, self.slave)
        self._size = (0, 0)
        self._tail = b""  # the beginning of a line
        self._since = 0.0  # when it came
        self._lock = threading.Lock()
        self._bell, self._ring = os.pipe()
        self._thread = threading.Thread(target=self._work, name="mpdebug-output", daemon=True)
        self._fit()

    def start(self) -> None:
        """Begin, before the program does. Raises RuntimeError: no more threads."""
        self._thread.start()

    def close(self) -> None:
        """The program has ended: pass on what it printed before that, and stop."""
        with contextlib.suppress(OSError):
            os.write(self._ring, b"!")
        if self._thread.is_alive():
            self._thread.join()
        self.drain()
        if not self._is_plain:
            self._set_modes(self._before)

    def drain(self) -> None:
        """Pass on all that is there now."""
        end = time.monotonic() + DRAINS
        with self._lock, contextlib.suppress(Exception):
            while time.monotonic() < end and (data := self._read()):
                self._put(self._tail + data)
                self._tail = b""
            self._put(self._tail)
            self._tail = b""
            self._pass_on_modes()

    def _work(self) -> None:
        poll = select.poll()
        poll.register(self._ours, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        while not self.terminal.broken:
            wait = SILENCE if self._tail else LOOK_EVERY if self._is_plain else KEYS_EVERY
            ready = poll.poll(wait * 1000)
            if any(fd == self._bell for fd, _ in ready):
                return
            with self._lock, contextlib.suppress(Exception):  # it has to go on, drawn or not
                data = self._read() if ready else b""
                self._pass_on_modes()  # they were set before that was written
                self._pass_on(data)
                self._pass_on_keys()
                self._fit()
        ours, self._ours = self._ours, -1
        os.close(ours)  # the terminal is gone: the program gets its error, as without us

    def _read(self) -> bytes:
        try:
            return os.read(self._ours, AT_ONCE)
        except OSError:  # nothing there, or nobody
            return b""

    def _pass_on(self, data: bytes) -> None:
        """Write what is whole; keep the rest for a moment."""
        now = time.monotonic()
        if not self._tail:
            self._since = now
        text = self._tail + data
        end = text.rfind(b"\n") + 1
        if not data or now - self._since > HELD or len(text) > AT_ONCE:
            end = _finished(text)
            if not end and not data:  # it will not be finished
                end = len(text)
        self._tail = text[end:]
        if end:
            self._since = now
            self._put(text[:end])

    def _put(self, text: bytes) -> None:
        if not text:
            return
        full = [found[1] for found in FULL_SCREEN.finditer(text)]
        if b"h" in full:
            self.bottom.hold(WHO)
        self.terminal.write_bytes(self._as_written(text))
        with contextlib.suppress(Exception):  # the picture is not worth the program's output
            if full and full[-1] == b"l":
                self.bottom.release(WHO)
            elif ERASES.search(text):
                self.bottom.draw()

    @property
    def _is_plain(self) -> bool:
        """Whether the program left the modes of its output alone."""
        return self._modes == self._first

    def _pass_on_keys(self) -> None:
        """Give keys to a program that reads from where its output goes, as less does."""
        fd = self.terminal.fd
        if self._is_plain or self.terminal.above is not None or not is_foreground(fd):
            return
        if select.select([fd], [], [], 0)[0] and reader_of(self.slave):
            os.write(self._ours, os.read(fd, KEYS_AT_ONCE))

    def _pass_on_modes(self) -> None:
        """Give the terminal the modes that the program gave to the pty."""
        modes = termios.tcgetattr(self.slave)
        ours = self.terminal.above is None and is_foreground(self.terminal.fd)
        if modes != self._modes and ours and self._before:
            if self._is_plain:
                self._before = termios.tcgetattr(self.terminal.fd)
            self._modes = modes
            self._set_modes(modes)

    def _set_modes(self, modes: list[Any]) -> None:
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(self.terminal.fd, termios.TCSANOW, modes)

    def _as_written(self, text: bytes) -> bytes:
        """The text without the returns that the pty added, where the terminal adds them."""
        with contextlib.suppress(termios.error):  # it was hung up
            modes: int = termios.tcgetattr(self.terminal.fd)[1]
            if self.terminal.above is not None or modes & RETURNS == RETURNS:
                return text.replace(b"\r\n", b"\n")
        return text

    def _fit(self) -> None:
        """Give the program the size that it has above the picture, when the window changed."""
        columns, rows = size = self.bottom.size()
        if size == self._size:
            return
        first, self._size = self._size == (0, 0), size
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetwinsize(self.slave, (rows - most_rows(columns, rows), columns))
        if not first:
            if is_foreground(self.terminal.fd):  # they were told too early, by the kernel
                os.killpg(os.getpgrp(), signal.SIGWINCH)
            self.bottom.draw()


def _finished(text: bytes) -> int:
    """So many bytes of it can be written with anything after them."""
    found = UNFINISHED.search(text, max(len(text) - LONGEST, 0))
    return found.start() if found else len(text)
