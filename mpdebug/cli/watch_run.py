"""--watch of a run: the live tree at the bottom of the terminal in which the program runs.

The program's output and all that we have to say scrolls above it. It goes away while a prompt
is open, while the program draws a full screen, and while we are stopped or in the background.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mpdebug.cli.bottom_rows import BottomRows
from mpdebug.cli.program_output import ProgramOutput
from mpdebug.cli.terminal import Terminal

if TYPE_CHECKING:
    from rich.text import Text

    from mpdebug.model import Tree, TreeRow
    from mpdebug.views.tree import Widths

INTERVAL = 1.0  # seconds between two pictures
SOON = 0.2  # seconds before the first, and between the first two: the program starts first

PROMPT, STOPPED, ENDED, BROKEN = "a prompt", "we are stopped", "it has ended", "it failed"


def begin(path: str, terminal: Terminal, out: Terminal) -> WatchedRun | None:
    """Take the program's output into our hands; None where nothing can be drawn: that is told.

    Args:
        path: the run folder.
        terminal: stderr, where the picture is drawn if that is a terminal.
        out: stdout, where it is drawn otherwise.
    """
    drawn = terminal if terminal.is_a_terminal else out
    why = _why_not(drawn)
    if not why:
        try:
            return WatchedRun(path, drawn, terminal, out)
        except (OSError, RuntimeError) as error:  # no more ptys or threads
            why = f"cannot watch here: {error}."
    terminal.write(f"mpdebug: {why} From another terminal: mpdebug tree --watch\n")
    return None


def _why_not(drawn: Terminal) -> str:
    if not drawn.is_a_terminal:
        return "--watch needs a terminal at stderr or stdout."
    name = os.environ.get("TERM", "")
    if name in ("", "dumb", "unknown"):
        return f"--watch cannot draw on this terminal (TERM={name})."
    return ""


class WatchedRun:
    """The live tree of one run, and the program's output above it.

    Args:
        path: the run folder.
        drawn: the terminal with the picture.
        beside: what else we write to; where a prompt opens in one, the picture goes away.

    Raises:
        OSError: no more ptys.
        RuntimeError: no more threads.
    """

    def __init__(self, path: str, drawn: Terminal, *beside: Terminal) -> None:
        self._path = path
        self._terminal = drawn
        self._pen = Terminal(drawn.fd)  # with a rich console of its own
        self.bottom = BottomRows(drawn)
        ours = os.fstat(drawn.fd)
        fds = {one.fd for one in beside if os.path.samestat(os.fstat(one.fd), ours)}
        self.output = ProgramOutput(self.bottom, frozenset(fds))
        drawn.covers = self._covered
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mpdebug-watch", daemon=True)
        self.output.start()

    def start(self) -> None:
        """The program was started: begin to draw. Raises RuntimeError: no more threads."""
        atexit.register(self.bottom.hold, ENDED)
        self._thread.start()

    def stands(self, *, still: bool) -> None:
        """We are about to be stopped with the program, or go on with it."""
        with contextlib.suppress(Exception):  # nobody's trouble but the picture's
            if still:
                self.output.drain()
            (self.bottom.hold if still else self.bottom.release)(STOPPED)

    def close(self) -> None:
        """The program has ended: its last output, and no picture."""
        self._over.set()
        self.bottom.hold(ENDED)
        self.output.close()

    def _covered(self, covered: bool) -> None:
        with contextlib.suppress(Exception):
            (self.bottom.hold if covered else self.bottom.release)(PROMPT)

    def _work(self) -> None:
        try:
            self._draw_on()
        except Exception as error:  # noqa: BLE001 - the program goes on, without a picture
            if not self._over.is_set():
                with contextlib.suppress(Exception):
                    self.bottom.hold(BROKEN)
                said = f"the picture failed: {type(error).__name__}: {error}"
                self._terminal.write(f"mpdebug: {said}  mpdebug tree --watch\n")

    def _draw_on(self) -> None:
        if self._over.wait(SOON):
            return
        from mpdebug.cli.look import Look  # noqa: PLC0415 - psutil: not before the program
        from mpdebug.views.tree import Widths  # noqa: PLC0415

        look, widths = Look(self._path), Widths()
        pause = SOON
        while not self._over.is_set():
            look.look()
            self.bottom.show(partial(self._lines, look.tree(), widths))
            self._over.wait(pause)
            pause = INTERVAL

    def _lines(self, tree: Tree, widths: Widths, width: int, most: int) -> list[str]:
        """The picture in at most so many rows, as text for the terminal."""
        from rich.text import Text  # noqa: PLC0415 - loaded by who made the tree

        from mpdebug.views.tree import TreeView, head  # noqa: PLC0415

        rows, more = _most_telling(tree, most - 2)
        title = Text("── ", "dim").append_text(head(tree))
        if more:
            title = Text(f"── {more} rows more · ", "dim").append_text(head(tree))
        lines = [title, *TreeView(replace(tree, rows=rows), widths).lines(width)]
        return self._drawn(lines, width)

    def _drawn(self, lines: list[Text], width: int) -> list[str]:
        console = self._pen.console()
        console.width = width
        with console.capture() as captured:
            for line in lines:
                console.print(line, no_wrap=True, overflow="crop", crop=True)
        return captured.get().split("\n")[: len(lines)]


def _most_telling(tree: Tree, room: int) -> tuple[tuple[TreeRow, ...], int]:
    """The rows that there is room for, and how many are not there: who ended goes first."""
    rows = tree.rows
    if len(rows) > room:
        rows = tuple(row for row in rows if row.state.kind != "ended")
    return rows[:room], len(tree.rows) - len(rows[:room])
