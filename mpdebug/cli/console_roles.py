"""What the parts of a prompt are to each other: the terminal, and the console in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mpdebug.model import Process, Stop
    from mpdebug.observer.prompts import Client, Message

TICK = 0.25
"""Seconds between two looks at what else happens."""

WOKEN, INTERRUPTED, ENDED = object(), object(), object()
"""Instead of a line: the process said something; Ctrl-C was typed; the input has ended."""


class Terminal(Protocol):
    """What a console shows and reads through: a terminal, or a pipe."""

    attended: bool
    """Whether somebody sits there; else the end of input leaves a stop as it was."""

    commands: Collection[str]
    complete: Callable[[str, int], tuple[int, Sequence[str]]] | None
    """(line, cursor) → where the word begins, and how it may go on."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    @property
    def colour(self) -> bool:
        """Whether to write in colour."""

    @property
    def width(self) -> int:
        """Columns, as they are now."""

    def write(self, text: str) -> None:
        """Show what the process printed, or what was asked for."""

    def tell(self, text: str) -> None:
        """Say something of our own."""

    def above(self, text: str) -> None:
        """Say something that nobody asked for, from any thread."""

    def wait(self, client: Client, tick: Callable[[], bool]) -> object:
        """Wait until the process says something or `tick` is true: WOKEN; or INTERRUPTED."""

    def read(
        self, prompt: Callable[[], str], client: Client, tick: Callable[[], bool], *, pdb: bool
    ) -> object:
        """A line, or one of the objects above.

        Args:
            prompt: makes the text of the prompt, with terminal sequences; asked again.
            client: WOKEN is returned when it says something.
            tick: called now and then; true: WOKEN.
            pdb: whether statements of many lines are read as one.
        """

    def ask(self, question: str) -> str:
        """One line in answer to a question; empty where none is given."""

    def is_gone(self) -> bool:
        """Whether the terminal was closed."""


class Here(Protocol):
    """A console, as its commands see it."""

    path: str
    cwd: str
    screen: Terminal
    stop: Stop
    prompt: Message | None
    made: set[str]
    """Processes that were interrupted for this prompt: they go on when it is left."""

    gone_on: set[tuple[str, int]]
    """Stops that were let go on: process and number."""

    @property
    def who(self) -> str:
        """The process it is in, and the thread where that is not the main one."""

    def process(self) -> Process:
        """The process it is in."""

    def stops(self) -> list[Stop]:
        """All stops of the run, the one that waits longest first."""

    def is_here(self, stop: Stop) -> bool:
        """Whether it is in this stop."""

    def switch(self, stop: Stop) -> str:
        """Leave the stop as it is and enter another; "", or why that cannot be entered."""

    def type(self, line: str) -> None:
        """Send a line to the process, as typed at its prompt."""
