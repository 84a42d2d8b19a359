"""Which records the terminal shows, and equal ones of many processes as one line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mpdebug.observer.rebuild import level_number
from mpdebug.rundir import lines

if TYPE_CHECKING:
    from mpdebug.observer.who import Who

Render = Callable[[dict[str, Any], Sequence[str]], str]
"""(record, names of the processes that wrote it) → text for the terminal, with its newline."""

FOLD_WITHIN = 0.5
"""Seconds in which equal records of several processes are taken for one event."""

TOGETHER = 0.05
"""Seconds in which they are, though others were written in between."""


class Fold:
    """Equal records of different processes that came together."""

    __slots__ = ("key", "names", "record", "time", "writers")

    def __init__(self, key: object, record: dict[str, Any], who: Who) -> None:
        self.key = key
        self.record = record
        self.names: list[str] = [who.name]
        self.writers = {who.key}
        time = record.get("time")
        self.time = time if isinstance(time, float) else 0.0  # of the first


class TerminalHandler(logging.Handler):
    """Shows records as lines of text.

    Equal records (same place in the program, level, text, keys) of several processes are
    folded: those of a twentieth of a second are one line with a count. One that follows within
    half a second, with nothing else shown in between, is counted and told when the half second
    is over, or when another line comes. So the order is kept, and no record goes untold.

    Args:
        write: takes text for the terminal.
        render: makes the text of a record.
        logs: "auto" hides what the program showed itself, "all" hides nothing, "off" all.
        level: name of the lowest level to show; empty: all that were written.
        fold: whether equal records are folded.
        beside: called after records that are hidden since the program showed them itself.
        clock: seconds; a seam for tests.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        render: Render,
        *,
        logs: str = "auto",
        level: str = "",
        fold: bool = True,
        beside: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(level_number(level))
        self.prints_relayed = False  # a process of the run prints the records of others
        self._out = write
        self._render = render
        self._logs = logs
        self._fold = fold
        self._beside = beside
        self._clock = clock
        self._last: Fold | None = None  # what was shown last
        self._held: Fold | None = None  # more of the same, counted but not shown
        self._held_since = 0.0  # by the clock

    def emit_lines(self, batch: list[tuple[bytes, Who]]) -> None:
        """Show a batch of records."""
        if self._logs == "off":
            return
        folds: list[Fold] = []
        known: dict[object, Fold] = {}
        beside = False
        for line, who in batch:
            record = lines.parse(line) or {"event": line.decode("utf-8", "backslashreplace")}
            if not self._wanted(line, record):
                beside = beside or record.get("shown") is True
                continue
            key = _same(record) if self._fold else None
            fold = known.get(key) if key is not None else None
            new = Fold(key, record, who)
            if fold and who.key not in fold.writers and new.time - fold.time < TOGETHER:
                fold.names.append(who.name)
                fold.writers.add(who.key)
                continue
            folds.append(new)
            known[key] = new
        text = "".join([self._shown(fold) for fold in folds])
        if beside:
            self._beside()
        if text:
            self._out(text)

    def emit_line(self, line: bytes, who: Who) -> None:
        """Show one record."""
        self.emit_lines([(line, who)])

    def due(self) -> float | None:
        """Seconds until what was counted has to be told."""
        if self._held is None:
            return None
        return max(0.0, self._held_since + FOLD_WITHIN - self._clock())

    def tick(self) -> None:
        """Tell what was counted, if it is time."""
        if self._held is not None and self.due() == 0.0:
            self.end()

    def end(self) -> None:
        """Tell what was counted."""
        text = self._unfolded()
        if text:
            self._out(text)

    def _wanted(self, line: bytes, record: dict[str, Any]) -> bool:
        if self.level and level_number(record.get("level")) < self.level:
            return False
        if self._logs == "auto":
            if b'"shown":true' in line and record.get("shown") is True:
                return False
            if b'"held":true' in line and record.get("held") is True:
                return False
            if self.prints_relayed and record.get("queued") is True:
                return False
        return True

    def _shown(self, fold: Fold) -> str:
        """The text to show now for these records; empty if they are only counted."""
        last = self._last
        if (
            last is not None
            and fold.key is not None
            and fold.key == last.key
            and fold.time - last.time < FOLD_WITHIN
            and not fold.writers & last.writers
        ):
            last.writers |= fold.writers
            if self._held is None:
                self._held = fold
                self._held_since = self._clock()
            else:
                self._held.names += fold.names
            return ""
        text = self._unfolded() + self._render(fold.record, fold.names)
        self._last = fold
        return text

    def _unfolded(self) -> str:
        held, self._held = self._held, None
        self._last = None
        return self._render(held.record, held.names) if held is not None else ""


def _same(record: dict[str, Any]) -> object:
    """What equal records have in common: all but who wrote them, and when."""
    exception = record.get("exception")
    return (
        record.get("file"),
        record.get("line"),
        record.get("level"),
        record.get("event"),
        record.get("logger"),
        repr(record.get("keys")),
        record.get("stack"),
        exception.get("text") if isinstance(exception, dict) else None,
    )
