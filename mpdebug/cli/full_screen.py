"""A terminal taken over as a whole: pictures without flicker, keys as they are typed.

The picture is on the terminal's alternate screen, so what stood there before comes back. Only
lines that changed are written, in one piece. The modes of the terminal are put back on every
way out, also when we are suspended (Ctrl-Z), and by a signal that ends us.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import tty
from typing import TYPE_CHECKING, NoReturn

from mpdebug.cli import terminal
from mpdebug.observer.tty import is_foreground

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType
    from typing import Any, Self

    from rich.text import Text

BEGIN = b"\x1b[?1049h\x1b[?25l\x1b[?7l"  # another screen, no cursor, lines are cut at the edge
REST_OF_LINE = "\x1b[0m\x1b[K"
END = b"\x1b[?7h\x1b[?25h\x1b[?1049l"

KEYS = {
    b"\x1b[A": "up", b"\x1bOA": "up", b"\x1b[B": "down", b"\x1bOB": "down", b"\x1b[C": "right",
    b"\x1bOC": "right", b"\x1b[D": "left", b"\x1bOD": "left", b"\x1b[H": "home",
    b"\x1bOH": "home", b"\x1b[1~": "home", b"\x1b[F": "end", b"\x1bOF": "end",
    b"\x1b[4~": "end", b"\x1b[5~": "page up", b"\x1b[6~": "page down",
    b"\r": "enter", b"\n": "enter", b"\x1b": "escape", b"\x7f": "left", b" ": "page down",
}  # fmt: skip

ESCAPE_WAIT = 0.03
"""Seconds in which the rest of a key's sequence comes; a lone escape has none."""

SUSPEND = b"Z"

LOCAL = 3
"""Where the modes have those with NOFLSH. Without it the kernel throws away what was written
when Ctrl-Z or Ctrl-C is typed: where we were quick, the words that end the picture too."""


def is_possible() -> bool:
    """Whether stdout is a terminal that can be drawn on, and is ours to use now."""
    return (
        os.isatty(1)
        and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")
        and is_foreground(1)
    )


class FullScreen:
    """The terminal at stdout, while it is ours. A context manager."""

    def __init__(self) -> None:
        self.terminal = terminal.stdout()
        self._shown: list[str] = []
        self._size = (0, 0)
        self._keys = b""
        self._in = self._find_keyboard()
        self._modes: list[Any] | None = None
        self._old: dict[int, Any] = {}
        self._bell, self._bell_end = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(self._bell_end, False)

    def _find_keyboard(self) -> int | None:
        if os.isatty(0):
            return 0
        try:
            return os.open("/dev/tty", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None

    @property
    def has_keys(self) -> bool:
        """Whether anybody can type."""
        return self._in is not None

    @property
    def size(self) -> tuple[int, int]:
        """(columns, lines) as they are now."""
        try:
            found = os.get_terminal_size(1)
        except OSError:
            return 80, 24
        return found.columns or 80, found.lines or 24

    # In and out.

    def __enter__(self) -> Self:
        for number, handler in (
            (signal.SIGWINCH, self._resized),
            (signal.SIGTSTP, self._suspended),
            (signal.SIGTERM, _end),
            (signal.SIGHUP, _end),
        ):
            self._old[number] = signal.signal(number, handler)
        self._take()
        return self

    def __exit__(self, *error: object) -> None:
        self._give_back()
        for number, handler in self._old.items():
            signal.signal(number, handler)
        for fd in (self._bell, self._bell_end):
            os.close(fd)

    def _take(self) -> None:
        if self._in is not None:
            self._modes = termios.tcgetattr(self._in)
            tty.setcbreak(self._in)
            modes = termios.tcgetattr(self._in)
            modes[LOCAL] |= termios.NOFLSH
            termios.tcsetattr(self._in, termios.TCSANOW, modes)
        self.terminal.write_bytes(BEGIN)
        self._shown = []

    def _give_back(self) -> None:
        self.terminal.write_bytes(END)
        if self._in is not None and self._modes is not None:
            with contextlib.suppress(termios.error, OSError):  # it was hung up
                termios.tcsetattr(self._in, termios.TCSADRAIN, self._modes)

    @contextlib.contextmanager
    def given_back(self) -> Iterator[None]:
        """While something else uses the terminal."""
        self._give_back()
        try:
            yield
        finally:
            self._take()

    # A handler may run in the middle of a write: it only rings, `key` does the rest.

    def _resized(self, _: int, __: FrameType | None) -> None:
        self._ring(b"!")

    def _suspended(self, _: int, __: FrameType | None) -> None:
        self._ring(SUSPEND)

    def _ring(self, why: bytes) -> None:
        with contextlib.suppress(OSError):  # it rings already
            os.write(self._bell_end, why)

    def _suspend(self) -> None:
        """Stop as a plain program does, with the terminal as it was; then go on."""
        with self.given_back():
            handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, handler)  # it goes on

    # Drawing.

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines from the top; what is below the last one is emptied."""
        size = self.size
        if size != self._size:
            self._size, self._shown = size, []
        width, height = size
        drawn = self._drawn(lines[:height], width)
        out = [] if self._shown else ["\x1b[0m\x1b[2J"]
        for at in range(max(len(drawn), len(self._shown))):
            new = drawn[at] if at < len(drawn) else ""
            old = self._shown[at] if at < len(self._shown) else ""
            if new != old:
                out.append(f"\x1b[{at + 1};1H{new or REST_OF_LINE}")
        self._shown = drawn
        if out:
            self.terminal.write("".join(out))

    def _drawn(self, lines: Sequence[Text], width: int) -> list[str]:
        console = self.terminal.picture_console()
        console.width = width
        with console.capture() as captured:
            for line in lines:
                console.print(line, no_wrap=True, overflow="crop", crop=True)
        # A full line has no rest: there the cursor still stands on its last character.
        rests = [REST_OF_LINE if line.cell_len < width else "\x1b[0m" for line in lines]
        drawn = captured.get().split("\n")
        return [text + rest for text, rest in zip(drawn, rests, strict=False)]

    # Keys.

    def key(self, timeout: float) -> str:
        """The next key that is typed; "" after so many seconds, or when the window changed."""
        if not self._keys and not self._wait(timeout):
            return ""
        if self._keys == b"\x1b":
            self._wait(ESCAPE_WAIT)
        for size in (4, 3, 1):
            found = KEYS.get(self._keys[:size])
            if found and len(self._keys) >= size:
                self._keys = self._keys[size:]
                return found
        if self._keys[:1] == b"\x1b":  # a key that means nothing here
            self._keys = b""
            return ""
        typed, self._keys = self._keys[:1], self._keys[1:]
        return typed.decode("ascii", "replace")

    def _wait(self, timeout: float) -> bool:
        """Whether something was typed."""
        watched = [self._bell] if self._in is None else [self._bell, self._in]
        ready = select.select(watched, [], [], max(timeout, 0))[0]
        if self._bell in ready:
            with contextlib.suppress(BlockingIOError):
                if SUSPEND in os.read(self._bell, 4096):
                    self._suspend()
                    return False  # somebody else may have read what was typed
        if self._in is None or self._in not in ready:
            return False
        try:
            data = os.read(self._in, 4096)
        except OSError:
            data = b""
        if not data:  # hung up
            raise SystemExit(0)
        self._keys += data
        return True


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
