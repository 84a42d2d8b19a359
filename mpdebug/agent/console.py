"""Whether the program's own logging prints a record where the supervisor would print it too."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Handler, Logger, LogRecord
    from typing import Any

    from mpdebug.settings import Settings


SHOWN = ',"shown":true'
HELD = ',"held":true'
QUEUED = ',"queued":true'


def fate(settings: Settings, logger: Logger, record: LogRecord) -> str:
    """What the program's handlers will do with a record, as the end of its line.

    Shown: one of them prints it on our terminal. Held: one of them prints there, but not a
    record of this level. Queued: one of them hands it to another thread or process.
    """
    logging: Any = sys.modules["logging"]
    level = record.levelno
    shown = queued = held = False
    found = False
    current: Any = logger
    while current is not None:
        if current.handlers:
            found = True
            for handler in current.handlers:
                if level < handler.level:
                    held = held or is_console(settings, handler)
                elif _passes(logging, handler, record):
                    shown = shown or is_console(settings, handler)
                    queued = queued or is_queue(handler)
        current = current.parent if current.propagate else None
    if not found:
        last = logging.lastResort
        shown = last is not None and level >= last.level and is_console(settings, last)
    said = SHOWN if shown else HELD if held else ""
    return said + QUEUED if queued else said


def _passes(logging: Any, handler: Any, record: LogRecord) -> bool:
    """Whether its filters let it through; a filter of the program's own class is not called.

    It would be called twice for one record, and may count.
    """
    return all(
        f.filter(record) for f in getattr(handler, "filters", ()) if type(f) is logging.Filter
    )


def is_queue(handler: Handler) -> bool:
    """Whether the handler only hands records on to another thread or process."""
    handlers = sys.modules.get("logging.handlers")
    kind = getattr(handlers, "QueueHandler", None)
    return kind is not None and isinstance(handler, kind)


def is_console(settings: Settings, handler: Any) -> bool:
    """Whether a handler prints on the very terminal or file that the supervisor prints on."""
    try:
        stream = getattr(handler, "stream", None)
        if stream is None:
            console = getattr(handler, "console", None)  # rich's RichHandler
            stream = getattr(console, "file", None)
    except Exception:  # noqa: BLE001 - a property of the program's
        return False
    return stream is not None and is_our_output(settings, stream)


def is_our_output(settings: Settings, stream: Any) -> bool:
    """Whether a stream writes to what the supervisor has as stdout or stderr.

    Asked each time, not kept: pytest and others let descriptor 2 be another file for a while.
    """
    try:
        if not hasattr(stream, "fileno"):  # Sphinx's writer, which only encodes
            stream = stream.stream
        number = stream.fileno()
        if type(number) is not int:
            return False
        found = os.fstat(number)
    except Exception:  # noqa: BLE001 - a StringIO, a closed file, an object of the program's
        return False
    ident = f"{found.st_dev}:{found.st_ino}"
    return ident in (settings.out, settings.err) or ident in captured


captured: set[str] = set()
"""The files that stdout and stderr were redirected to by --capture: the reader shows them."""


def ident_of(fd: int) -> str:
    """`device:inode` of a descriptor, or an empty text if it is closed."""
    try:
        found = os.fstat(fd)
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"
