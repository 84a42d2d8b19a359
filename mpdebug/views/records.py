"""Log records of many processes as lines for the terminal.

    12:00:01.123  ForkPoolWorker-3  INFO     app.db  saved rows   rows=3 table=users

The columns are structlog's ConsoleRenderer's, with formatters of our own. A record that is
too wide for the terminal goes on below its process's name, not at the left edge.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from structlog.dev import Column, ConsoleRenderer

from mpdebug.views import bounded, colours, tracebacks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INDENT = " " * 14
DEEPER = " " * 4
NAME_NARROW, NAME_LEAST, NAME_MOST = 11, 17, 20
LOGGER_LEAST, LOGGER_MOST, LOGGER_NARROW = 6, 24, 12
LEVEL_WIDTH = 8
NARROW = 100
EVENT_PAD, EVENT_PAD_WIDE = 0, 30
EVENT_LINES = 20
KEY_MOST = 40
CACHED = 1024
TIMES = " \u00d7"

SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")
QUOTED = re.compile(r"""[\s='"]|\A\Z""")
NUMBERED = re.compile(r"[-:_.\d]+\Z")
WORDS = re.compile(r" *[^ ]+| +\Z")

DIM, BOLD, RED, YELLOW, GREEN = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[32m"
LEVELS = {
    "DEBUG": DIM,
    "INFO": GREEN,
    "WARNING": YELLOW,
    "ERROR": RED,
    "CRITICAL": BOLD + RED,
}

# What ConsoleRenderer would take for its own, among the names that a program may choose.
TIME, PROCESS, LEVEL, LOGGER, EVENT = "\0time", "\0process", "\0level", "\0logger", "\0event"
CLAIMED = frozenset({"stack", "exception", "exc_info", ""})


class RecordView:
    """Makes the text of records; its columns grow with what it has seen.

    Args:
        colour: write terminal sequences.
        width: columns of the terminal; None: not a terminal, lines are as long as they are.
    """

    def __init__(self, *, colour: bool, width: int | None) -> None:
        self._colour = colour
        self.width = width
        narrow = width is not None and width < NARROW
        self._name_width = NAME_NARROW if narrow else NAME_LEAST
        self._logger_width = 0 if narrow else LOGGER_LEAST
        self._logger_most = LOGGER_NARROW if narrow else LOGGER_MOST
        self._event_width = EVENT_PAD if narrow else EVENT_PAD_WIDE
        self._value_most = 200 if width is None else max(24, width // 2)
        self._event_most = 4000 if width is None else width * 8
        self._names: dict[str, str] = {}
        self._loggers: dict[str, str] = {}
        self._second = -1
        self._clock = ""
        self._columns: dict[str, Callable[[Any], str]] = {
            TIME: self._time,
            PROCESS: self._process,
            LEVEL: self._level,
            LOGGER: self._logger,
            EVENT: str,
        }
        columns = [Column(key, self._column) for key in self._columns]
        self._renderer = ConsoleRenderer(
            columns=[*columns, Column("", self._pair)], sort_keys=False
        )

    def line(self, record: dict[str, Any], names: Sequence[str]) -> str:
        """A record as text with its newline; several lines where it has several.

        Args:
            record: the record's JSON object.
            names: the processes that wrote it; more than one where equal ones are folded.
        """
        level = str(record.get("level", ""))
        first, *more = self._event_lines(record.get("event", ""))
        keys = self._keys(record)
        said: dict[str, Any] = {
            TIME: record.get("time"),
            PROCESS: names,
            LEVEL: level,
            LOGGER: str(record.get("logger", "")),
            EVENT: self._event(first, level, padded=bool(keys)),
        }
        text = "" if more else self._renderer(None, "", said | keys)
        if more or self._too_wide(text):
            text = self._in_lines(said, [first, *more], level, keys)
        below = self._below(record)
        return "\n".join([text, *below, ""]) if below else text + "\n"

    def name(self, name: str, *, colour: bool = True) -> str:
        """A process's name padded and coloured as in the records, for other lines."""
        known = self._names.get(name)
        if known is None:
            known = self._name(name)
        return known if colour or not self._colour else SEQUENCE.sub("", known)

    def _name(self, name: str) -> str:
        text = bounded.squeeze(bounded.escape(name).replace("\n", " "), NAME_MOST)
        self._make_room(text)
        if len(self._names) > CACHED:
            self._names.clear()
        known = self._names[name] = self._paint(
            text.ljust(self._name_width), colours.code_of(name)
        )
        return known

    # The columns. ConsoleRenderer puts one space between them.

    def _column(self, key: str, value: object) -> str:
        return self._columns[key](value)

    def _time(self, value: object) -> str:
        seconds = value if isinstance(value, (int, float)) else 0.0
        whole = int(seconds)
        if whole != self._second:
            self._second = whole
            self._clock = time.strftime("%H:%M:%S", time.localtime(whole))
        return self._paint(f"{self._clock}.{int(seconds * 1000) % 1000:03d}", DIM) + " "

    def _process(self, names: Sequence[str]) -> str:
        if len(names) == 1:
            return self.name(names[0]) + " "
        families = {NUMBERED.sub("", name) for name in names}
        family = families.pop()
        text = f"{len(names)} processes" if families else f"{family}{TIMES}{len(names)}"
        if len(text) > NAME_MOST:
            text = f"{bounded.squeeze(family, NAME_MOST - 5)}{TIMES}{len(names)}"
        text = bounded.escape(text)
        self._make_room(text)
        return self._paint(text.ljust(self._name_width), BOLD) + " "

    def _make_room(self, text: str) -> None:
        if len(text) > self._name_width:
            self._name_width = len(text)
            self._names.clear()

    def _level(self, value: str) -> str:
        level = bounded.escape(value)[:LEVEL_WIDTH]
        return self._paint(level.ljust(LEVEL_WIDTH), LEVELS.get(level, ""))

    def _logger(self, name: str) -> str:
        known = self._loggers.get(name)
        if known is None:
            text = bounded.escape(name).replace("\n", " ")
            if len(text) > self._logger_most:
                text = "…" + text[1 - self._logger_most :]
            if len(text) > self._logger_width or len(self._loggers) > CACHED:
                self._logger_width = max(self._logger_width, len(text))
                self._loggers.clear()
            known = self._loggers[name] = self._paint(text.ljust(self._logger_width), DIM) + " "
        return known

    def _pair(self, key: str, value: object) -> str:
        name = bounded.escape(bounded.cut(key.rstrip("\0"), KEY_MOST)).replace("\n", "\\n")
        text = self._value(value)
        return f"{DIM}{name}={colours.RESET}{text}" if self._colour else f"{name}={text}"

    def _value(self, value: object) -> str:
        if type(value) is int or value is None or type(value) is bool:
            return str(value)
        if isinstance(value, str):
            text = bounded.cut(value, self._value_most)
            if text.isprintable() and not QUOTED.search(text):
                return text
            return bounded.cut(repr(text), self._value_most * 4)
        return bounded.cut(repr(value), self._value_most)

    # The parts.

    @staticmethod
    def _keys(record: dict[str, Any]) -> dict[str, Any]:
        """The program's own keys, under names that ConsoleRenderer does not claim."""
        keys = record.get("keys")
        found = {}
        if isinstance(keys, dict):
            found = {
                key + "\0" if key in CLAIMED or key[:1] == "\0" else key: value
                for key, value in keys.items()
            }
        if "marked" in record:
            found["marked"] = record["marked"]
        return found

    def _event_lines(self, event: object) -> list[str]:
        """The lines of an event, bounded in number and length, safe to show."""
        text = event if isinstance(event, str) else repr(event)
        if "\n" not in text:
            return [bounded.escape(bounded.cut(text, self._event_most))]
        found = text.rstrip("\n").split("\n")
        if len(found) > EVENT_LINES:
            left = len(found) - EVENT_LINES
            found = [*found[:EVENT_LINES], f"… (+{left} lines)"]
        return [bounded.escape(bounded.cut(line, self._event_most)) for line in found]

    def _event(self, text: str, level: str, *, padded: bool) -> str:
        if padded:
            text = text.ljust(self._event_width) + " "
        return self._paint(text, DIM) if level == "DEBUG" else text

    def _below(self, record: dict[str, Any]) -> list[str]:
        """The lines below a record: its stack and its traceback."""
        found: list[str] = []
        if isinstance(stack := record.get("stack"), str):
            found += [DEEPER + line for line in tracebacks.bounded(stack)]
        if isinstance(exception := record.get("exception"), dict):
            found += [self._traced(line) for line in tracebacks.of_exception(exception)]
        return found

    def _traced(self, line: str) -> str:
        """A line of a traceback; what was raised stands out."""
        if line.startswith((" ", "Traceback")) or not line:
            return (DEEPER + self._paint(line, DIM)).rstrip(" ")
        return DEEPER + self._paint(line, RED)

    def _in_lines(
        self, said: dict[str, Any], event: list[str], level: str, keys: dict[str, Any]
    ) -> str:
        """The record in several lines, none wider than the terminal where that can be."""
        head = self._renderer(None, "", {**said, EVENT: "\0"})[:-1]
        texts = self._wrapped(event, self._cells(head))
        done = [self._event(text, level, padded=False) for text in texts]
        done = [(INDENT if number else head) + text for number, text in enumerate(done)]
        row = done.pop()
        gap = "  "
        for pair in [self._pair(key, value) for key, value in keys.items()]:
            if self.width is not None and self._cells(row + gap + pair) > self.width:
                done.append(row.rstrip(" "))
                row, gap = INDENT + pair, " "
            else:
                row, gap = row + gap + pair, " "
        return "\n".join([*done, row.rstrip(" ")])

    def _wrapped(self, event: list[str], taken: int) -> list[str]:
        """The lines of an event broken at spaces; the first has `taken` columns less."""
        if self.width is None:
            return event
        found: list[str] = []
        room = self.width - taken
        for line in event:
            row = ""
            for word in WORDS.findall(line):  # each with the spaces before it
                if row and self._cells(row) + self._cells(word) > room:
                    found.append(row)
                    row, room = word.lstrip(" "), self.width - len(INDENT)
                else:
                    row += word  # also a word that is too long: paths are to be copied
            found.append(row)
            room = self.width - len(INDENT)
        return found

    def _too_wide(self, text: str) -> bool:
        width = self.width
        return width is not None and len(text) > width and self._cells(text) > width

    def _cells(self, text: str) -> int:
        """Columns that a text takes on the terminal."""
        bare = SEQUENCE.sub("", text) if self._colour else text
        return len(bare) if bare.isascii() else cell_len(bare)

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{colours.RESET}" if self._colour and code else text


def samples() -> list[tuple[dict[str, Any], list[str]]]:
    """Records of all kinds, to be looked at: `python -m mpdebug.views.records`."""
    at = 1732305601.123456
    text = (
        "Traceback (most recent call last):\n"
        '  File "/srv/app/jobs.py", line 31, in work\n'
        "    return table[key]\n"
        "           ~~~~~^^^^^\n"
        "KeyError: 'total'"
    )
    long = "took " + "very " * 30 + "long"
    rows = [
        ("MainProcess", "INFO", "app", "4 workers started", {}),
        ("ForkPoolWorker-1", "DEBUG", "app.db", "connected", {"host": "db1", "port": 5432}),
        ("ForkPoolWorker-2", "INFO", "app.db", "saved rows", {"rows": 3, "table": "users"}),
        (
            "ForkPoolWorker-3",
            "WARNING",
            "app.jobs",
            "slow query",
            {"sql": "select " + "x, " * 60},
        ),
        ("ForkPoolWorker-4", "ERROR", "app.jobs", "task failed", {"task": 17}),
        ("ForkPoolWorker-1", "INFO", "app.very.long.package.name", long, {"seconds": 12.5}),
        ("ForkPoolWorker-2", "INFO", "app", "two\nlines, and \x1b[2Jone escape", {"a": "b c"}),
        ("a-process-with-a-name-that-is-long-12", "CRITICAL", "app", "disk full", {}),
    ]
    found: list[tuple[dict[str, Any], list[str]]] = []
    for number, (name, level, logger, event, keys) in enumerate(rows):
        record: dict[str, Any] = {
            "time": at + number * 0.0171,
            "level": level,
            "logger": logger,
        }
        record |= {"event": event, "keys": keys}
        if level == "ERROR":
            record["exception"] = {"type": "KeyError", "message": "'total'", "text": text}
        found.append((record, [name]))
    ready = {"time": at + 0.2, "level": "INFO", "logger": "app", "event": "ready"}
    found.append((ready, [f"ForkPoolWorker-{number}" for number in range(1, 9)]))
    return found


if __name__ == "__main__":
    import shutil
    import sys

    view = RecordView(colour=sys.stdout.isatty(), width=shutil.get_terminal_size().columns)
    for sample, writers in samples():
        sys.stdout.write(view.line(sample, writers))
