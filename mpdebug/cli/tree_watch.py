"""`mpdebug tree --watch` at a terminal: the live picture, and what the keys do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from rich.text import Text

from mpdebug.cli.full_screen import FullScreen
from mpdebug.cli.look import APART
from mpdebug.cli.tree_opened import Opened
from mpdebug.diagnosis.tree import SORTS
from mpdebug.rundir import layout
from mpdebug.views import plain
from mpdebug.views.tree import TreeView, Widths, head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.cli.look import Look
    from mpdebug.model import Process, Tree, TreeRow

KEYS = (
    ("↑ ↓", "choose", "choose a process; page up, page down, home and end too"),
    ("enter", "open", "open it: command, environment, descriptors, memory, stack, records"),
    ("q", "leave", "leave"),
    ("s", "sort", f"sort by {', '.join(SORTS)}: the next of them"),
    ("f", "fold", "those that ended well one by one, or in one row again"),
    ("k", "kill", "kill it with SIGKILL, after a question"),
    ("b", "break in", "stop it where it is, in a debugger; as mpdebug attach does"),
    ("p", "pause", "hold the picture still, or let it go on"),
    ("← →", "its children", "fold its children away, or show them again"),
)
"""Each key, a word for it, and what it does: the most wanted first."""

KEYS_OPEN = (
    ("↑ ↓", "scroll"), ("q", "back"), ("r", "read again"), ("k", "kill"), ("b", "break in"),
)  # fmt: skip
SAID = 3.0
"""Seconds for which a message stands in the last line."""


class Watch:
    """The live picture of one run.

    Args:
        look: at the run.
        interval: seconds between two looks.
        sort: the order to begin with.
        unfolded: show those that ended well one by one.
    """

    def __init__(self, look: Look, interval: float, sort: str, *, unfolded: bool) -> None:
        self.look = look
        self.interval = interval
        self.sort = sort
        self.unfolded = unfolded
        self.closed: set[str] = set()
        self.paused = False
        self.helping = False  # the keys are shown
        self.leaving = False
        self.chosen = ""  # key of the process
        self.first = 0
        self.widths = Widths()
        self.tree: Tree = look.tree()
        self.opened: Opened | None = None
        self.question: Process | None = None  # who is to be killed
        self._said = ("", 0.0)

    def run(self) -> None:
        """Draw until the person leaves; where nobody can type, until the run ends."""
        due = time.monotonic() + min(self.interval, APART)
        with FullScreen() as screen:
            while not self.leaving and not screen.terminal.broken:
                now = time.monotonic()
                if now >= due:
                    due = now + self.interval
                    if not self.paused:
                        alive = self.look.look().alive
                        self.leaving = not alive and not screen.has_keys
                self.draw(screen)
                key = screen.key(due - time.monotonic())
                while key:
                    self.press(key, screen)
                    key = "" if self.leaving else screen.key(0)

    # Drawing.

    def draw(self, screen: FullScreen) -> None:
        """The picture as it is now."""
        width, height = screen.size
        self.tree = self.look.tree(sort=self.sort, unfolded=self.unfolded, closed=self.closed)
        if self.opened is not None:
            lines = self.opened.lines(self.tree, width, height - 1)
        elif self.helping:
            lines = [Text(f"  {key:<7}{what}") for key, _, what in KEYS]
        else:
            lines = [self._head(), *self._table(width, max(height - 3, 1))]
        lines = lines[: height - 1] + [Text("")] * (height - 1 - len(lines))
        screen.draw([*lines, self._foot(width)])

    def _head(self) -> Text:
        text = Text("PAUSED  " if self.paused else "", "bold yellow")
        if not self.tree.run.alive:
            text.append("ENDED  ", "bold")
        return text.append_text(head(self.tree))

    def _table(self, width: int, room: int) -> list[Text]:
        rows = self.tree.rows
        at = self._place(rows)
        if at >= 0:
            self.first = min(max(self.first, at - room + 1), at)
        self.first = max(min(self.first, len(rows) - room), 0)
        return TreeView(self.tree, self.widths, self.first, room, at).lines(width)

    def _foot(self, width: int) -> Text:
        if self.question is not None:
            who = f"{plain.line(self.question.name)} (pid {self.question.pid})"
            return Text(f"Kill {who} with SIGKILL? y or n", "bold red")
        text, until = self._said
        if time.monotonic() < until:
            return Text(text, "bold")
        if self.opened is not None:
            return Text(_keys(KEYS_OPEN, "", width), "dim")
        told = f"by {self.sort}  {len(self.tree.rows)} rows"
        return Text(_keys([each[:2] for each in KEYS], told, width), "dim")

    def say(self, text: str) -> None:
        """Put a message into the last line."""
        self._said = (text, time.monotonic() + SAID)

    # Keys.

    def press(self, key: str, screen: FullScreen) -> None:
        """What a key does."""
        self._said = ("", 0.0)
        was_helping, self.helping = self.helping, False
        if self.question is not None:
            process, self.question = self.question, None
            if key in ("y", "Y"):
                self.say(kill(process))
        elif was_helping and key in ("?", "q", "escape"):
            return  # the picture is there again
        elif key == "b":
            self._break_in(screen)
        elif key == "k":
            self._ask_to_kill()
        elif self.opened is not None:
            if key in ("q", "escape", "left"):
                self.opened = None
            else:
                self.opened.press(key, screen.size[1] - 2)
        else:
            self._press_in_table(key, screen)

    def _press_in_table(self, key: str, screen: FullScreen) -> None:
        page = screen.size[1] - 4
        steps = {"up": -1, "down": 1, "page up": -page, "page down": page}
        steps |= {"home": -sys.maxsize, "end": sys.maxsize}
        row = self._row()
        if key in steps:
            self._move(steps[key])
        elif key in ("enter", "left", "right") and row is not None:
            self._press_on(row, key)
        elif key in ("q", "Q"):
            self.leaving = True
        elif key == "p":
            self.paused = not self.paused
        elif key == "s":
            self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        elif key == "f":
            self.unfolded = not self.unfolded
        elif key == "?":
            self.helping = True

    def _press_on(self, row: TreeRow, key: str) -> None:
        if key == "left":
            self.closed.add(row.process.key)
        elif key == "right":
            self.closed.discard(row.process.key)
        elif row.count > 1:
            self.unfolded = True
        else:
            self.opened = Opened(self.look, row.process)

    def _place(self, rows: tuple[TreeRow, ...]) -> int:
        return next((at for at, row in enumerate(rows) if row.process.key == self.chosen), -1)

    def _row(self) -> TreeRow | None:
        rows = self.tree.rows
        at = self._place(rows)
        return rows[at] if at >= 0 else None

    def _move(self, step: int) -> None:
        rows = self.tree.rows
        if rows:
            at = self._place(rows)
            at = max(step - 1, 0) if at < 0 else at + step
            self.chosen = rows[min(max(at, 0), len(rows) - 1)].process.key

    def _ask_to_kill(self) -> None:
        row = self._row()
        if row is None:
            self.say("Choose a process first: ↑ ↓")
        elif not row.process.alive:
            self.say(f"{plain.line(row.name)} has ended already")
        else:
            self.question = row.process

    def _break_in(self, screen: FullScreen) -> None:
        """`mpdebug attach` in our place; we come back when it leaves."""
        row = self._row()
        if row is None or not row.process.folder or not row.process.alive:
            self.say("Choose a living process that is observed: ↑ ↓")
            return
        which = [str(row.process.pid), "--run", self.tree.run.path]
        words = [sys.executable, "-m", "mpdebug", "attach", *which]
        with screen.given_back():
            # A Ctrl-C is for the prompt; a handler, unlike SIG_IGN, does not outlive its exec.
            old = signal.signal(signal.SIGINT, lambda _, __: None)
            try:
                if subprocess.run(words, check=False).returncode:
                    sys.stdout.write("Press Enter to go back to the tree. ")
                    sys.stdout.flush()
                    sys.stdin.readline()
            finally:
                signal.signal(signal.SIGINT, old)


def _keys(keys: Sequence[tuple[str, str]], told: str, width: int) -> str:
    """As many keys as there is room for, and how to see all, before what else is told."""
    for count in range(len(keys), -1, -1):
        parts = [f"{key} {what}" for key, what in keys[:count]]
        parts += ["? more"] if count < len(keys) and told else []
        text = " · ".join([*parts, told] if told else parts)
        if len(text) <= width:
            return text
    return told[:width]


def kill(process: Process) -> str:
    """Kill that very process and no other; returns what to say about it."""
    who = f"{plain.line(process.name)} (pid {process.pid})"
    try:
        handle = os.pidfd_open(process.pid)
    except OSError as error:
        return f"{who}: {error.strerror}"
    try:
        if process.start and not layout.is_alive(process.pid, process.start):
            return f"{who} has ended already"
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError as error:
        return f"{who}: {error.strerror}"
    finally:
        os.close(handle)
    return f"{who} was sent SIGKILL"
