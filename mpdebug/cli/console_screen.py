"""A prompt in a terminal: lines with history, completion and colour, by prompt_toolkit.

The terminal stays in raw mode from the first prompt to the last: Ctrl-C is a key that we read,
also while the process evaluates, and no SIGINT ever reaches the program beside us. No signal
handler is set, so it runs in any thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import selectors
import sys
import threading
from typing import TYPE_CHECKING, Self, TextIO

from prompt_toolkit.application import get_app
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.input.typeahead import clear_typeahead, get_typeahead, store_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts.prompt import CompleteStyle, PromptSession

from mpdebug import errors
from mpdebug.cli import console_text, terminal
from mpdebug.cli.console_roles import ENDED, INTERRUPTED, TICK, WOKEN
from mpdebug.rundir import place

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from contextlib import AbstractContextManager

    from prompt_toolkit.application import Application
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.key_binding.key_processor import KeyPress
    from prompt_toolkit.lexers import Lexer

    from mpdebug.observer.prompts import Client

HISTORY = ".history"

SOON = 0.1
"""Seconds from a record of the program's to the line by which the program itself shows it."""


class Screen(Completer):
    """The terminal that a prompt has for itself.

    Args:
        stdin: the terminal.
        stdout: the same terminal, for writing.
    """

    attended = True

    def __init__(self, stdin: TextIO | None = None, stdout: TextIO | None = None) -> None:
        self._stdout = stdout or sys.stdout
        self._out = terminal.Terminal(self._stdout.fileno())
        self._input = create_input(stdin or sys.stdin)
        self._raw: AbstractContextManager[None] | None = None
        self._session: PromptSession[object] | None = None
        self._lock = threading.Lock()
        self._pending: list[str] = []  # to go above the prompt
        self._written_over = False  # somebody else wrote where the prompt stands
        self._wake: Callable[[float], object] | None = None  # there while a prompt stands
        self._unfinished = ""  # typed when the prompt was taken away
        self._paint: Callable[[str], str] | None = None
        self._pdb = True
        self.commands: Collection[str] = ()
        self.complete: Callable[[str, int], tuple[int, Sequence[str]]] | None = None

    def __enter__(self) -> Self:
        self._raw = self._input.raw_mode()
        self._raw.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.__exit__(None, None, None)

    @property
    def is_open(self) -> bool:
        """Whether the terminal is ours now."""
        return self._raw is not None

    @property
    def colour(self) -> bool:
        """Whether to write in colour."""
        return self._out.colour

    @property
    def width(self) -> int:
        """Columns, as they are now."""
        return self._out.width

    # --- writing

    def write(self, text: str) -> None:
        """Show what the process printed, its source in colour."""
        if self._out.colour:
            self._paint = self._paint or console_text.painter()
            text = console_text.in_colour(text, self._paint)
        self.above(text)

    def tell(self, text: str) -> None:
        """Say something of our own."""
        self.above(text)

    def above(self, text: str) -> None:
        """Write text, from any thread; where a prompt stands, above it."""
        with self._lock:
            if self._wake is None:
                self._out.write(text)
                return
            self._pending.append(text)
            if len(self._pending) == 1:
                self._wake_prompt(0.0)

    def redraw(self) -> None:
        """Draw the prompt again, below what the program has just written over it."""
        with self._lock:
            if self._wake is not None:
                self._written_over = True
                self._wake_prompt(SOON)

    def _wake_prompt(self, delay: float) -> None:
        try:
            if self._wake is not None:
                self._wake(delay)
        except RuntimeError:  # the prompt has just ended; it writes what is left
            return

    def _flush_above(self) -> None:
        """In the loop of the prompt: take it away, write, draw it again below.

        prompt_toolkit's own way makes the terminal cooked meanwhile, and a Ctrl-C of that
        moment would be a SIGINT to the program.
        """
        app: Application[object] = get_app()
        with self._lock:
            texts, self._pending = self._pending, []
            over, self._written_over = self._written_over, False
        if (texts or over) and not app.is_done:
            if not over:  # else the cursor stands below, and what is there is not ours
                app.renderer.erase()
            self._out.write("\r" + "".join(texts))
            app.renderer.reset()
            app.invalidate()
        elif texts:
            with self._lock:
                self._pending = texts + self._pending

    def _prompt_is_gone(self) -> None:
        with self._lock:
            self._wake = None
            texts, self._pending = self._pending, []
            if texts:
                self._out.write("".join(texts))

    # --- waiting and reading

    def wait(self, client: Client, tick: Callable[[], bool]) -> object:
        """Wait until the process says something (WOKEN), or Ctrl-C is typed (INTERRUPTED).

        What else is typed meanwhile is kept for the next prompt.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ)
            selector.register(self._input.fileno(), selectors.EVENT_READ)
            if self._has_interrupt(get_typeahead(self._input)):  # right after Enter
                return INTERRUPTED
            while True:
                ready = {key.fileobj for key, _ in selector.select(TICK)}
                if self._input.fileno() in ready:
                    if self._has_interrupt(self._input.read_keys()):
                        return INTERRUPTED
                    if self._input.closed:
                        selector.unregister(self._input.fileno())
                if client in ready or tick():
                    return WOKEN

    def _has_interrupt(self, keys: list[KeyPress]) -> bool:
        """Whether Ctrl-C is among these; what stands behind it is for later.

        What was typed before it is dropped, as the terminal does where Ctrl-C is a signal. Of
        several that were read at once each counts.
        """
        at = [n for n, key in enumerate(keys) if key.key == Keys.ControlC]
        if at:
            clear_typeahead(self._input)
            keys = [keys[n] for n in at[1:]] + keys[at[-1] + 1 :]
        store_typeahead(self._input, keys)
        return bool(at)

    def read(
        self, prompt: Callable[[], str], client: Client, tick: Callable[[], bool], *, pdb: bool
    ) -> object:
        """A line, or a statement with all its lines; WOKEN, INTERRUPTED, or ENDED by Ctrl-D.

        Args:
            prompt: makes the text of the prompt, with terminal sequences; asked again.
            client: WOKEN is returned when it says something.
            tick: called now and then; true: WOKEN.
            pdb: whether statements of many lines are read as one.
        """
        self._pdb = pdb
        session = self._session = self._session or self._make_session()
        default, self._unfinished = self._unfinished, ""
        try:
            answer = session.prompt(
                lambda: ANSI(prompt()),
                default=default,
                pre_run=lambda: self._watch(prompt, client, tick),
                handle_sigint=False,
            )
        except KeyboardInterrupt:
            return INTERRUPTED
        except EOFError:
            return ENDED
        finally:
            self._prompt_is_gone()
        return answer

    def ask(self, question: str) -> str:
        """Ask for one line; empty where none is given."""
        session: PromptSession[str] = PromptSession(
            input=self._input, output=self._output(), history=InMemoryHistory()
        )
        try:
            return session.prompt(question, handle_sigint=False).strip()
        except (KeyboardInterrupt, EOFError):
            return ""

    def is_gone(self) -> bool:
        """Whether the terminal was closed."""
        return self._input.closed

    def _watch(
        self, prompt: Callable[[], str], client: Client, tick: Callable[[], bool]
    ) -> None:
        """The prompt stands: look at what else happens."""
        loop, app = asyncio.get_running_loop(), get_app()
        context = contextvars.copy_context()
        drawn = prompt()

        def leave() -> None:
            loop.remove_reader(client.fileno())
            if app.is_running and not app.is_done:
                self._unfinished = app.current_buffer.text
                app.exit(result=WOKEN)

        def look() -> None:
            nonlocal drawn
            if tick():
                leave()
            elif not app.is_done:
                if prompt() != drawn:
                    drawn = prompt()
                    app.invalidate()
                loop.call_later(TICK, look)

        loop.add_reader(client.fileno(), leave)
        loop.call_later(TICK, look)
        flush = self._flush_above
        with self._lock:
            self._wake = lambda delay: loop.call_soon_threadsafe(
                lambda: loop.call_later(delay, flush, context=context)
            )

    # --- the session

    def prepare(self) -> None:
        """Load what the first prompt needs, before it is wanted: 0.1 s. Nothing is written."""
        self._lexer()  # a session itself would show the cursor
        if self._out.colour and self._paint is None:
            self._paint = console_text.painter()
            self._paint("pass")

    def _make_session(self) -> PromptSession[object]:
        return PromptSession(
            input=self._input,
            output=self._output(),
            color_depth=None if self._out.colour else ColorDepth.DEPTH_1_BIT,
            history=history(),
            lexer=self._lexer(),
            completer=self,
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            enable_history_search=True,
            key_bindings=self._keys(),
            prompt_continuation=lambda width, _line, _wrapped: "... ".rjust(width),
            multiline=Condition(lambda: self._pdb),
        )

    def _output(self) -> Vt100_Output:
        output = Vt100_Output.from_pty(self._stdout, term=os.environ.get("TERM"))
        output.enable_cpr = False  # there is no menu that must know where it is
        return output

    def _lexer(self) -> Lexer | None:
        if not self._out.colour:
            return None
        from prompt_toolkit.lexers import PygmentsLexer  # noqa: PLC0415 - where there is colour
        from pygments.lexers.python import (  # type: ignore[import-untyped]  # noqa: PLC0415
            PythonLexer,
        )

        return PygmentsLexer(PythonLexer)

    def _keys(self) -> KeyBindings:
        bindings = KeyBindings()

        @bindings.add("c-z")
        def _(_: KeyPressEvent) -> None:
            """Nothing: a prompt cannot be halted, the program beside it must not be."""

        @bindings.add("enter", filter=Condition(lambda: self._pdb))
        def _(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            text = buffer.text
            if buffer.document.is_cursor_at_the_end and console_text.goes_on(
                text, self.commands
            ):
                buffer.insert_text("\n" + console_text.indentation(text))
            else:
                buffer.validate_and_handle()

        return bindings

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterable[Completion]:
        """What the stopped process says of the word at the cursor."""
        if self.complete is None:
            return
        before = document.current_line_before_cursor
        begin, found = self.complete(before, len(before))
        for text in found:
            yield Completion(text, start_position=begin - len(before))


def history() -> History:
    """What was typed in all runs; in memory where it cannot be kept from other users."""
    path = os.path.join(place.base(), HISTORY)
    try:
        os.makedirs(place.base(), mode=0o700, exist_ok=True)
        place.check(place.base())
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except (OSError, errors.UnsafeFolderError):
        return InMemoryHistory()
    return FileHistory(path)
