"""structlog keeps its keys: look at the event just before the program's renderer makes it text.

The list of processors stays the program's own object (`structlog.testing.capture_logs` empties
and refills it in place); a logger iterates over it through a view that adds our look before
the last one. Where the event ends in a stdlib logger its keys are handed to that record, so
one event is one record; else (structlog's Print, Write and Bytes loggers) it is written here.
"""

from __future__ import annotations

import sys
import threading

from mpdebug.agent import console, encode, guard, logs, process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

LEVELS = {"exception": "ERROR", "warn": "WARNING", "fatal": "CRITICAL", "msg": "INFO"}
PLUMBING = (
    "event",
    "level",
    "logger",
    "timestamp",
    "_record",
    "_from_structlog",
    "_logger",
    "_name",
)

seen = threading.local()
"""`keys`: the event that passed last in this thread; `claim`: (message, keys) on its way."""


class View:
    """The program's processors with our look before the last. Iterates over the live list."""

    __slots__ = ("processors",)

    def __init__(self, processors: Any) -> None:
        self.processors = processors

    def __iter__(self) -> Iterator[Any]:
        all_of_them = list(self.processors)
        yield from all_of_them[:-1]
        yield look
        yield from all_of_them[-1:]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.processors, name)

    def __len__(self) -> int:
        return len(self.processors)

    def __getitem__(self, place: Any) -> Any:
        return self.processors[place]

    def __repr__(self) -> str:
        return repr(self.processors)

    def __eq__(self, other: object) -> bool:
        return bool(self.processors == other)

    __hash__ = None  # type: ignore[assignment]


def look(_logger: Any, _method: str, event_dict: Any) -> Any:
    """A processor that changes nothing: keeps a copy of the keys for this thread."""
    with guard.quiet:
        seen.keys = dict(event_dict)
    return event_dict


def patch(module: ModuleType) -> None:
    """Wrap BoundLoggerBase._process_event."""
    registry.wrap(module.BoundLoggerBase, "_process_event", _process_event)
    logs.claim_keys = claim


def _process_event(original: Any) -> Any:
    def _process_event(self: Any, method_name: str, *args: Any, **kwargs: Any) -> Any:
        if process.here is None:
            return original(self, method_name, *args, **kwargs)
        with guard.quiet:
            seen.keys = None
            if type(self._processors) is not View:
                self._processors = View(self._processors)
        try:
            result = original(self, method_name, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            _passed(self._logger, method_name, result)
        return result

    return _process_event


def _passed(logger: Any, method: str, result: Any) -> None:
    keys = getattr(seen, "keys", None)
    if keys is None:
        return
    seen.keys = None
    logging = sys.modules.get("logging")
    if logging is not None and isinstance(logger, logging.Logger):
        args, kwargs = result
        seen.claim = (args[0] if args else kwargs.get("msg", kwargs.get("event")), keys)
        return
    here = process.here
    if here is None:
        return
    event, rest = _split(keys)
    shown = console.is_our_output(here.settings, getattr(logger, "_file", None))
    level = LEVELS.get(method, method.upper())
    name = keys.get("logger") or getattr(logger, "name", "") or ""
    logs.write_event(level, str(name), event, rest, shown)


def _split(keys: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    rest = {key: value for key, value in keys.items() if key not in PLUMBING}
    return encode.safe_str(keys.get("event", "")), rest


def claim(record: Any) -> tuple[str, dict[str, Any]] | None:
    """The event and keys of a stdlib record that structlog made; None for any other record."""
    waiting = getattr(seen, "claim", None)
    if waiting is None:
        return None
    seen.claim = None
    message, keys = waiting
    if record.msg is not message:
        return None
    return _split({key: value for key, value in keys.items() if key != "exc_info"})
