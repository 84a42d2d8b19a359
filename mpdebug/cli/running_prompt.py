"""The prompt of the running terminal: it opens by itself when a process stops.

It works in a thread of its own. It opens where nobody else wants the keys: stdin is a
terminal, our process group is in its foreground, and no process of the program reads from it.
Where one begins to read while a prompt is open, the prompt gives way.

While it is open the terminal is raw, so Ctrl-C and Ctrl-Z are keys and reach no process; what
we have to say goes above it. What prompt_toolkit needs is loaded while nothing happens.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from mpdebug import errors
from mpdebug.cli.stop_notices import ELSEWHERE, OPENS, WAITS
from mpdebug.entry import audience
from mpdebug.observer import tty
from mpdebug.observer.stops import living_stops

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from mpdebug.cli.options import RunOptions
    from mpdebug.cli.terminal import Terminal
    from mpdebug.model import Stop

STDIN = 0

IDLE = 1.0
"""Seconds before a prompt is made ready for a program that may never stop: that takes 0.3 s of
a core. One whose script has a breakpoint in it is likely to stop soon."""

SIGNS = (b"breakpoint(", b"set_trace(", b"post_mortem(")
LOOK_EVERY = 1.0  # seconds between two looks who else reads the terminal, while it is open
PATIENCE = 2.0  # seconds in which an open prompt closes when the program has ended


def for_run(path: str, asked: RunOptions, *beside: Terminal) -> RunningPrompt | None:
    """The prompts of this terminal; None where none shall ever open.

    Args:
        path: the run folder.
        asked: the options of the run.
        beside: what else writes to this terminal; our own messages go to the first.
    """
    if asked.prompt != "auto" or asked.breakpoints != "stop":
        return None
    if not (_is_terminal(STDIN) and audience.somebody_looks()):
        return None
    soon = bool(asked.pm) or _has_a_breakpoint(asked.program)
    return RunningPrompt(path, *beside, idle=0.0 if soon else IDLE)


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _has_a_breakpoint(program: Sequence[str]) -> bool:
    """Whether the text of the script (or of -c) has one."""
    text = b"".join(os.fsencode(word) for word in program[:2] if program[0][:2] == "-c")
    with contextlib.suppress(OSError), open(program[0], "rb") as file:
        text = file.read(1 << 20)
    return any(sign in text for sign in SIGNS)


class RunningPrompt:
    """Opens one prompt after the other, in a thread of its own.

    Args:
        path: the run folder.
        beside: what else writes to this terminal; our own messages go to the first.
        idle: seconds before everything that a prompt needs is loaded.
    """

    def __init__(self, path: str, *beside: Terminal, idle: float = IDLE) -> None:
        self._path = path
        self._terminal = beside[0]
        self._beside = [terminal for terminal in beside if terminal.is_a_terminal]
        self._idle = idle
        self._row: deque[Stop] = deque()
        self._busy = False  # a prompt is open, or about to be
        self._over = False  # the program has ended
        self.interrupted: set[str] = set()
        """Keys of processes that this terminal interrupts: their stops are its own."""
        self._why = ""  # the prompt had to give way
        self._looked = 0.0
        self._changed = threading.Condition()
        self._screen: Any = None
        self._modes: list[Any] | None = None  # of the terminal, while a prompt is open
        self._thread = threading.Thread(target=self._work, name="mpdebug-prompt", daemon=True)

    def start(self) -> None:
        """Begin to make a prompt ready. Raises RuntimeError: no more threads."""
        self._thread.start()

    def wants(self, stop: Stop) -> str:
        """What becomes of this stop: it opens a prompt, waits for its turn, or neither."""
        if stop.client or self._is_of_another(stop) or self._over:
            return ELSEWHERE
        if self._busy:
            return WAITS
        return ELSEWHERE if self._why_not() else OPENS

    def _is_of_another(self, stop: Stop) -> bool:
        """Whether somebody interrupted that process for himself, from another terminal."""
        return stop.kind == "attach" and stop.process not in self.interrupted

    def open(self, stop: Stop) -> None:
        """Open a prompt in this stop, now or when its turn comes."""
        with self._changed:
            self._busy = True
            self._row.append(stop)
            self._changed.notify()

    def close(self) -> None:
        """The program has ended: close the prompt, and leave the terminal as it was."""
        with self._changed:
            self._over = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)
        self._restore()

    def _work(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._row or self._over, self._idle)
        if self._over:
            return
        try:
            self._load()
        except Exception as error:  # noqa: BLE001 - the program goes on
            self._over = True
            text = f"no prompt can open here: {type(error).__name__}: {error}"
            self._terminal.write(f"mpdebug: {text}  mpdebug attach\n")
        while (stop := self._next()) is not None:
            self._serve(stop)

    def _load(self) -> None:
        """Load what draws; the first stop is not to wait for it."""
        from mpdebug.cli import console, console_screen  # noqa: F401, PLC0415  # 0.24 s

        out: TextIO = sys.stderr
        if not _is_terminal(2):
            out = open(os.ttyname(STDIN), "w", encoding="utf-8")  # noqa: SIM115  # for good
        self._screen = console_screen.Screen(stdin=sys.stdin, stdout=out)
        self._screen.prepare()

    def _next(self) -> Stop | None:
        """The next stop that wants a prompt; None: the program has ended."""
        with self._changed:
            if not self._row:
                self._busy = False
            self._changed.wait_for(lambda: self._row or self._over)
            return None if self._over else self._row.popleft()

    def _serve(self, stop: Stop) -> None:
        """One prompt, from its opening until nobody is left who stands at a stop."""
        how = "lost"
        self._why, self._looked = "", time.monotonic()
        try:
            how = self._run(stop)
        except errors.MpdebugError:  # it went on, or somebody else was faster
            how = "lost"
        except Exception as error:  # noqa: BLE001 - the program goes on, and so does the run
            text = f"the prompt failed: {type(error).__name__}: {error}"
            self._terminal.write(f"mpdebug: {text}  mpdebug attach {stop.pid}\n")
            return
        if self._why:
            self._terminal.write(f"mpdebug: {self._why}  mpdebug attach {stop.pid}\n")
        elif how in {"released", "lost"}:
            self._add_waiting()

    def _run(self, stop: Stop) -> str:
        import termios  # noqa: PLC0415  # not on Windows

        from mpdebug.cli import console  # noqa: PLC0415  # loaded with the screen

        self._modes = termios.tcgetattr(STDIN)
        for terminal in self._beside:
            terminal.above = self._screen.above
            terminal.below = self._screen.redraw
        try:
            go = self._has_to_go
            return console.run(self._path, stop, self._screen, until=go, announces=False)
        finally:
            for terminal in self._beside:
                terminal.above = terminal.below = None
            self._restore()

    def _add_waiting(self) -> None:
        """Those that stopped just when the prompt was closing have their turn now."""
        stops = living_stops(self._path)
        waiting = [s for s in stops if not (s.client or s.tcp or self._is_of_another(s))]
        with self._changed:
            known = {(stop.process, stop.n) for stop in waiting}
            self._row = deque(s for s in self._row if (s.process, s.n) in known)
            if waiting and not self._row and not self._why_not():
                self._row.append(waiting[-1])  # the oldest

    def _has_to_go(self) -> bool:
        """Whether the prompt has to close; asked a few times a second."""
        if self._over:
            return True
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            if not tty.is_foreground(STDIN):
                self._why = "the terminal was taken away."
            elif pid := tty.reader_of(STDIN):
                self._why = f"the program reads the terminal now (pid {pid})."
        return bool(self._why)

    def _why_not(self) -> str:
        """Why no prompt may open now; empty: it may."""
        if not tty.is_foreground(STDIN):
            return "we are in the background"
        if not tty.is_in_line_mode(STDIN):
            return "the program reads keys"
        if pid := tty.reader_of(STDIN):
            return f"the program reads the terminal (pid {pid})"
        return ""

    def _restore(self) -> None:
        """Put the terminal back to what it was before the prompt."""
        import termios  # noqa: PLC0415  # not on Windows

        modes, self._modes = self._modes, None
        if modes is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(STDIN, termios.TCSADRAIN, modes)
