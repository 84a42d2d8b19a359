"""Commands at a stop, one after the other: each can be interrupted, none can end the stop.

Stock pdb lets through what objects of the program raise while it looks at them (`args` with a
`__repr__` that raises, `display` of an array): in its trace function that fails the task.
"""

from __future__ import annotations

import pdb
from contextlib import contextmanager

from mpdebug.agent import borrowed, frame_locals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

Base: Any = getattr(borrowed.remote_pdb(), "RemotePdb", pdb.Pdb)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C at the prompt of a client; it is shown under the name that everybody knows."""


Interrupted.__module__, Interrupted.__qualname__ = "builtins", "KeyboardInterrupt"
Interrupted.__name__ = "KeyboardInterrupt"


class CommandLoop(Base):  # type: ignore[misc]
    """The part of the debugger that does what was typed."""

    working = False  # at a command of a client
    talk: Any
    undisturbed: Any

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """What a client asked for is being done: its Ctrl-C may interrupt it."""
        before, self.working = self.working, True
        try:
            yield
        finally:
            self.working = before

    def _cmdloop(self) -> None:
        while True:
            try:
                self.cmdloop()
            except Interrupted:
                self.message("--KeyboardInterrupt--")
            else:
                return

    def onecmd(self, line: str) -> Any:
        """Do one command; it can be interrupted.

        What the program's objects raise when pdb looks at them is shown, and no more: pdb's
        `p` does so, its `args`, `whatis`, `source` and `display` do not.
        """
        if not line.startswith("_"):  # pdb's own, which prints the place
            self.undisturbed.end()
        with self.at_work(), frame_locals.written_back(self):
            try:
                return super().onecmd(line)
            except Interrupted:
                raise
            except BaseException:
                if self.talk.struck:  # at a nested prompt: it is the program's own
                    raise
                self._error_exc()
                return None

    def preloop(self) -> None:
        """Show what was asked for with `display`; that can be interrupted too."""
        if not self.displaying.get(self.curframe):
            return
        self.undisturbed.end()
        try:
            with self.at_work():
                super().preloop()
        except Interrupted:
            self.message("--KeyboardInterrupt--")
        except BaseException:  # noqa: BLE001 - of the program's objects
            self._error_exc()

    def precmd(self, line: str) -> str:
        """A statement of several lines is not split at `;;`. An alias may never end."""
        with self.at_work():
            return line if "\n" in line else str(super().precmd(line))
