"""Programs under mpdebug that have a terminal of their own: a pty that the test holds."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import termios
from typing import TYPE_CHECKING

import pexpect

from mpdebug.observer.stops import living_stops
from mpdebug.rundir import layout
from tests.harness import PROGRAMS

if TYPE_CHECKING:
    from pathlib import Path

    from mpdebug.model import Stop
    from tests.harness import Lab

PROMPT = r"\(mpdb (\S+) \d+/\d+\)"
SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PLAIN = termios.ECHO | termios.ICANON | termios.ISIG


class AtTerminal:
    """A program under mpdebug that has a terminal of its own."""

    def __init__(self, lab: Lab, *words: str, ci: str | None = None) -> None:
        self.lab = lab
        self.screen = pexpect.spawn(
            sys.executable,
            ["-m", "mpdebug", *words],
            env=lab.environment({"TERM": "xterm-256color", "NO_COLOR": "1", "CI": ci}),
            dimensions=(40, 100),
            encoding="utf-8",
            timeout=30,
            cwd=str(PROGRAMS),  # so that a path is short, and a line one line
        )
        self.screen.delaybeforesend = None

    def see(self, pattern: str) -> re.Match[str]:
        """Wait until this stands on the screen; the match."""
        self.screen.expect(pattern)
        match = self.screen.match
        assert isinstance(match, re.Match)
        return match

    def see_all(self, *patterns: str) -> None:
        """Wait until all of these have stood on the screen, in any order."""
        left = [*patterns]
        while left:
            del left[self.screen.expect(left)]

    def prompt(self) -> str:
        """Wait for a prompt; in which process it is."""
        return self.see(PROMPT)[1]

    def type(self, text: str) -> None:
        """Press keys."""
        self.screen.send(text)

    def end(self) -> tuple[int, str]:
        """Wait for the end; exit status (negative: a signal), and what was said till then."""
        self.screen.expect(pexpect.EOF)
        said = SEQUENCES.sub("", str(self.screen.before))
        self.screen.close()
        status = self.screen.exitstatus
        return (-int(self.screen.signalstatus or 0) if status is None else status), said

    def has_plain_modes(self) -> bool:
        """Whether the terminal is as a shell leaves it to a program."""
        modes: int = termios.tcgetattr(self.screen.child_fd)[3]
        return modes & PLAIN == PLAIN

    def run(self) -> Path:
        """The run folder."""
        found = [*(self.lab.state_home / "mpdebug").glob("*/" + layout.RUN)]
        assert len(found) == 1
        return found[0].parent

    def stops(self) -> list[Stop]:
        """Who stands at a breakpoint, the oldest first."""
        return living_stops(str(self.run()))[::-1]

    def close(self) -> None:
        """End it, whatever it does; take its runs away."""
        with contextlib.suppress(OSError):
            self.screen.close(force=True)
        shutil.rmtree(self.lab.state_home, ignore_errors=True)
