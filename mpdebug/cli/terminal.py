"""Where we print: stderr while a program runs, stdout for what was asked of a run.

Colour only where somebody looks: on a terminal, unless NO_COLOR is set, or where FORCE_COLOR
asks for it. rich is loaded when something is drawn with it, not before.
"""

from __future__ import annotations

import io
import os
import select
import shutil
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console, RenderableType

PIPED_WIDTH = 120
"""Columns where nobody's terminal says how many: lines are for grep then, not for the eye."""

PATIENCE = 5.0  # seconds between two looks at a stream that takes no more for now


def has_colour(fd: int) -> bool:
    """Whether to write in colour to this descriptor."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and _isatty(fd)


def width_of(fd: int) -> int:
    """Columns of the terminal at this descriptor."""
    said = os.environ.get("COLUMNS", "")
    if said.isdigit() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(fd).columns or shutil.get_terminal_size().columns
    except OSError:
        return PIPED_WIDTH


def _isatty(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


class Terminal:
    """A stream that we write to while the program runs, from any thread.

    Each text is written in one piece, so that lines of ours and the program's do not mix. A
    stream that is closed or broken is left alone from then on: the program goes on.
    """

    def __init__(self, fd: int = 2) -> None:
        self.fd = fd
        self.colour = has_colour(fd)
        self.is_a_terminal = _isatty(fd)
        self.broken = False
        self.covers: Callable[[bool], None] = lambda _: None
        """Told before a prompt opens in this terminal, and after it closed."""
        self.below: Callable[[], None] | None = None
        """Draws that prompt again, below what somebody else has written over it."""
        self._above: Callable[[str], None] | None = None
        self._lock = threading.Lock()
        self._console: Console | None = None

    @property
    def width(self) -> int:
        """Columns, as they are now: a window can be made smaller."""
        return width_of(self.fd)

    @property
    def above(self) -> Callable[[str], None] | None:
        """Takes all text instead, while a prompt stands in this terminal."""
        return self._above

    @above.setter
    def above(self, above: Callable[[str], None] | None) -> None:
        if above is not None:
            self.covers(True)
        self._above = above
        if above is None:
            self.covers(False)

    def write(self, what: RenderableType) -> None:
        """Write text as it is (with its newline), or anything that rich can draw."""
        if isinstance(what, str):
            self.write_bytes(what.encode("utf-8", "backslashreplace"))
        else:
            self.write_bytes(self._drawn(what).encode("utf-8", "backslashreplace"))

    def write_bytes(self, data: bytes) -> None:
        """Write bytes as they are."""
        above = self.above
        if above is not None:
            above(data.decode("utf-8", "backslashreplace"))
        else:
            self.write_here(data)

    def was_written(self) -> None:
        """The program has written to this terminal itself."""
        below = self.below
        if below is not None:
            below()

    def write_here(self, data: bytes) -> None:
        """Write bytes where the cursor is, whether a prompt stands there or not."""
        with self._lock:
            while data and not self.broken:
                try:
                    data = data[os.write(self.fd, data) :]
                except BlockingIOError:  # the program made it so; its stderr is ours
                    select.select([], [self.fd], [], PATIENCE)
                except OSError:
                    self.broken = True

    def _drawn(self, what: RenderableType) -> str:
        console = self.console()
        with self._lock, console.capture() as captured:
            console.print(what)
        return captured.get()

    def console(self) -> Console:
        """The rich console that draws for this stream."""
        if self._console is None:
            self._console = _console(self.fd, self.colour, styled=self.colour)
        self._console.width = self.width
        return self._console

    def picture_console(self) -> Console:
        """The same for a picture that is drawn anew: bold and reverse also without colours."""
        if self._console is None:
            self._console = _console(self.fd, self.colour, styled=True)
        return self._console


def _console(fd: int, colour: bool, *, styled: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415  # 60 ms, when something is drawn

    return Console(
        file=io.StringIO(),  # what is drawn is captured and written by us
        force_terminal=styled,
        color_system="auto" if colour else "standard" if styled else None,
        no_color=not colour,
        width=width_of(fd),
        soft_wrap=False,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def stdout() -> Terminal:
    """Where the commands that ask about a run write."""
    return Terminal(1)
