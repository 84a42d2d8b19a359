"""A record's line made into a logging.LogRecord again, for handlers that want one."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING, Any

from mpdebug.rundir import lines

if TYPE_CHECKING:
    from mpdebug.observer.who import Who

LEVELS = {**logging.getLevelNamesMapping(), "EXCEPTION": logging.ERROR}
NUMBERED = re.compile(r"(?:Level )?(-?\d+)\Z")
OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


UNKNOWN = logging.CRITICAL
"""A level of the program's own, whose number is not in the record: rather shown than lost."""


def level_number(name: object) -> int:
    """The number of a level by its name: "INFO", "info", "Level 15", "15"; 0 if it is empty."""
    if not isinstance(name, str) or not name:
        return 0
    number = LEVELS.get(name)
    if number is None:
        numbered = NUMBERED.match(name)
        number = int(numbered[1]) if numbered else LEVELS.get(name.upper(), UNKNOWN)
    return number


def is_level(name: str) -> bool:
    """Whether that is the name or the number of a level."""
    return name.upper() in LEVELS or NUMBERED.match(name) is not None


def to_record(line: bytes, who: Who) -> logging.LogRecord:
    """The LogRecord that the process made, as far as JSON can carry it.

    `process` and `processName` are those of the writer, `extra=` and structlog's keys are
    attributes again, `exc_text` is the traceback; `exc_info` and live objects are gone.
    """
    said = lines.parse(line)
    if said is None:  # whole by its braces, but not JSON
        said = {"event": line.decode("utf-8", "backslashreplace"), "level": "WARNING"}
    path = str(said.get("file", ""))
    created = float(said.get("time", 0.0))
    filename = os.path.basename(path)
    values: dict[str, Any] = {
        "name": str(said.get("logger", "root")),
        "msg": str(said.get("event", "")),
        "args": None,
        "levelname": str(said.get("level", "NOTSET")),
        "levelno": level_number(said.get("level")),
        "pathname": path,
        "filename": filename,
        "module": os.path.splitext(filename)[0],
        "lineno": said.get("line", 0),
        "funcName": said.get("function"),
        "created": created,
        "msecs": (created - int(created)) * 1000,
        "threadName": said.get("thread", "MainThread"),
        "taskName": said.get("task"),
        "process": who.pid,
        "processName": who.name,
    }
    exception = said.get("exception")
    if isinstance(exception, dict):
        values["exc_text"] = str(exception.get("text", ""))
    keys = said.get("keys")
    if isinstance(keys, dict):
        values.update((key, value) for key, value in keys.items() if key not in OWN)
    if "marked" in said:
        values["marked"] = said["marked"]
    return logging.makeLogRecord(values)
