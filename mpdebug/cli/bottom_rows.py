"""The last rows of a terminal, kept for a picture while all other text scrolls above them.

The terminal itself does it: a scroll region leaves the rows out, so what a program prints, what
is typed and what we say goes on above as it is, lines without an end included. A picture is
drawn in one write, between "save the cursor" and "restore the cursor". No mode of the terminal
driver is touched.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from mpdebug.observer.tty import is_foreground

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpdebug.cli.terminal import Terminal

SHARE = 3  # one row in so many is ours at most
LEAST_ROWS, LEAST_COLUMNS = 9, 20  # in a smaller window there is no picture

SAVE, RESTORE, WHOLE = "\x1b7", "\x1b8", "\x1b[r"
SCROLL = "\x1bD"  # one row down, in the same column
PLAIN = "\x1b[0m"
REST_OF_LINE, LINE, BELOW = "\x1b[K", "\x1b[2K", "\x1b[J"


def most_rows(columns: int, rows: int) -> int:
    """The rows that a picture may have in a window of this size; 0: none fits."""
    return rows // SHARE if rows >= LEAST_ROWS and columns >= LEAST_COLUMNS else 0


class BottomRows:
    """The rows at the bottom of one terminal; any thread may call.

    They are there from the first `show` on, while nobody holds them and we are in the
    foreground. They only become more, so that text does not jump.
    """

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._lock = threading.RLock()
        self._held: set[str] = set()  # by whom
        self._draw: Callable[[int, int], list[str]] | None = None
        self._room = 0  # rows that are ours on the screen now
        self._size = (0, 0)  # of the window, when they were drawn

    def size(self) -> tuple[int, int]:
        """(columns, rows) of the window as they are now; (0, 0): nobody knows."""
        try:
            found = os.get_terminal_size(self.terminal.fd)
        except OSError:
            return 0, 0
        return found.columns, found.lines

    def show(self, draw: Callable[[int, int], list[str]]) -> None:
        """Show this picture from now on.

        Args:
            draw: its lines in so many columns and at most so many rows. Called again where
                the window changes, by the thread that sees it.
        """
        with self._lock:
            self._draw = draw
            self.draw()

    def draw(self) -> None:
        """Draw the picture where it belongs now, or take it away if it may not be there."""
        with self._lock:
            if self._held or self._draw is None or not is_foreground(self.terminal.fd):
                self._hide()
                return
            size = self.size()
            out = self._gone() if self._room and size != self._size else ""
            self._size = size
            columns, rows = size
            most = most_rows(columns, rows)
            if most:
                # The last column stays free: some terminals wrap when it is written.
                lines = self._draw(columns - 1, most)[:most]
                out += self._take(max(len(lines), self._room), rows)
                for at in range(self._room):
                    line = lines[at] if at < len(lines) else ""
                    out += f"\x1b[{rows - self._room + at + 1};1H{PLAIN}{line}{PLAIN}"
                    out += REST_OF_LINE
                out += RESTORE
            self.terminal.write_here(out.encode("utf-8", "backslashreplace"))

    def hold(self, who: str) -> None:
        """Take the picture away until `release`, for somebody who needs the whole screen."""
        with self._lock:
            self._held.add(who)
            self._hide()

    def release(self, who: str) -> None:
        """The picture may come back."""
        with self._lock:
            self._held.discard(who)
            self.draw()

    def _take(self, room: int, rows: int) -> str:
        """Make room: what stands in those rows scrolls up. Leaves the cursor saved."""
        more, self._room = room - self._room, room
        out = f"{SCROLL * more}\x1b[{more}A" if more else ""
        return f"{out}{SAVE}\x1b[1;{rows - room}r"

    def _gone(self) -> str:
        """After the window changed nobody knows where the rows are, but below the cursor."""
        self._room = 0
        return f"{SAVE}{WHOLE}{RESTORE}{BELOW}"

    def _hide(self) -> None:
        if not self._room:
            return
        if self.size() != self._size:
            out = self._gone()
        else:
            rows = self._size[1]
            ours = range(rows - self._room + 1, rows + 1)
            out = f"{SAVE}{WHOLE}{PLAIN}" + "".join(f"\x1b[{at};1H{LINE}" for at in ours)
            out += RESTORE
            self._room = 0
        self.terminal.write_here(out.encode())
