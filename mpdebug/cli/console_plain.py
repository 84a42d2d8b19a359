"""A prompt without a terminal: commands come from a pipe, answers go to stdout.

What we say ourselves goes to stderr, so that stdout holds the answers alone.
"""

from __future__ import annotations

import selectors
import sys
from typing import TYPE_CHECKING, Self, TextIO

from mpdebug.cli import console_text, terminal
from mpdebug.cli.console_roles import ENDED, TICK, WOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mpdebug.observer.prompts import Client


class Lines:
    """Reads commands from a stream that is no terminal."""

    attended = False
    """Nobody sits there: the end of input leaves the stop as it was."""

    def __init__(self, stdin: TextIO | None = None) -> None:
        self._stdin = stdin or sys.stdin
        self._out = terminal.Terminal(1)
        self._err = terminal.Terminal(2)
        self.commands: Collection[str] = ()
        self.complete: Callable[[str, int], tuple[int, Sequence[str]]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    @property
    def colour(self) -> bool:
        """No."""
        return False

    @property
    def width(self) -> int:
        """Columns."""
        return self._out.width

    def write(self, text: str) -> None:
        """Show what the process printed."""
        self._out.write(text)

    def tell(self, text: str) -> None:
        """Say something of our own."""
        self._err.write(text)

    def above(self, text: str) -> None:
        """Say something that nobody asked for."""
        self._err.write(text)

    def wait(self, client: Client, tick: Callable[[], bool]) -> object:
        """Wait until the process says something; WOKEN."""
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ)
            while not selector.select(TICK):
                if tick():
                    break
        return WOKEN

    def read(
        self, prompt: Callable[[], str], client: Client, tick: Callable[[], bool], *, pdb: bool
    ) -> object:
        """The next command; a statement with all its lines."""
        del prompt, client, tick
        text = self._stdin.readline()
        if not text:
            return ENDED
        while pdb and console_text.goes_on(text.rstrip("\n"), self.commands):
            more = self._stdin.readline()
            if not more:
                break
            text += more
            if not more.strip():
                break
        return text.rstrip("\n")

    def ask(self, question: str) -> str:
        """The next line is the answer."""
        self.tell(question)
        return self._stdin.readline().strip()

    def is_gone(self) -> bool:
        """It ends, but it is not gone."""
        return False
