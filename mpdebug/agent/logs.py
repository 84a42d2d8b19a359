"""Log records of this process: a real QueueHandler whose queue is `records.jsonl`.

A record is one JSON line and one `os.write`: when `logger.info()` has returned, the kernel has
it, and neither SIGKILL nor a crash takes it back. No feeder thread, no lock shared between
processes, no pickle. The format of a line is told in `rundir/layout.py`.
"""

from __future__ import annotations

import sys

from mpdebug.agent import exceptions, guard, process
from mpdebug.agent.clock import Clock
from mpdebug.agent.encode import encode, encode_object, quicken, safe_repr, safe_str

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import LogRecord
    from typing import Any

quote = quicken()

STANDARD = frozenset(
    [
        "name",
        "msg",
        "args",
        "levelname",
        "levelno",
        "pathname",
        "filename",
        "module",
        "exc_info",
        "exc_text",
        "stack_info",
        "lineno",
        "funcName",
        "created",
        "msecs",
        "relativeCreated",
        "thread",
        "threadName",
        "processName",
        "process",
        "taskName",
        "message",
        "asctime",
    ]
)
"""The attributes that every LogRecord has (3.11 to 3.15); all others are the program's own."""

bare: tuple[int, str] | None = None
"""How many attributes a new record has, and the last of them: `extra=` comes behind it."""

AT_ONCE = 20_000
"""Nanoseconds in which both clocks can be read."""

SITES = 4096
sites: dict[tuple[str, int, str, str, str], tuple[str, str]] = {}
"""Call site → the parts of a line that are the same for all its records."""

claim_keys: Callable[[LogRecord], tuple[str, dict[str, Any]] | None] | None = None
"""Set by the structlog patch: event and keys of the record that it is about to make."""


class RecordQueue:
    """The queue of the handler: the process's own file, so nothing ever waits or is lost."""

    def put_nowait(self, line: bytes) -> None:
        """Append one line to the records of this process."""
        agent = process.here
        if agent is None:
            return
        file = agent.records
        if file.size > file.cap:
            file.dropped += 1
            return
        if file.dropped and file.write(_lost(agent, file.dropped)):
            file.dropped = 0
        file.write(line)
        if file.size > file.cap:
            # The last line; from here on records are counted and dropped.
            file.cap += len(line) + 1000
            file.write(_ours(agent, f"no more records are kept: {file.size >> 20} MB written"))
            file.cap = 0

    put = put_nowait

    def get(self) -> bytes:
        """Nobody reads here: readers follow the file. Raises NotImplementedError."""
        raise NotImplementedError


queue = RecordQueue()


def _ours(agent: process.Agent, text: str) -> bytes:
    """A record of our own in the program's stream."""
    return (
        f'{head(agent)},"level":"WARNING","logger":"mpdebug","event":{quote(text)}}}\n'.encode()
    )


def _lost(agent: process.Agent, number: int) -> bytes:
    return _ours(agent, f"{number} records could not be written here (disk full?)")


def head(
    agent: process.Agent,
    created: float | None = None,
    read_mono: Callable[[], int] = Clock.mono,
    read_now: Callable[[], float] = Clock.now,
) -> str:
    """The first three keys of a line, without the closing brace.

    The clocks are arguments because those are found sooner than globals. `mono` is of the
    moment when the record was made, as `time` is: between that and here lie the program's own
    filters, or the import of a module. A record from long ago that is handed on only now, or a
    clock that was set in between, is told by where it comes now.
    """
    mono = read_mono()
    now = read_now()
    if read_mono() - mono > AT_ONCE:  # another process was let run in between
        mono = read_mono()
        now = read_now()
    if created is None:
        created = now
    elif 0.0 < now - created < 1.0:
        mono -= int((now - created) * 1e9)
    return f'{{"time":{created:.6f},"mono":{mono},"n":{next(agent.numbers)}'


def line_of(
    agent: process.Agent,
    record: LogRecord,
    fate: str = "",
    claimed: tuple[str, dict[str, Any]] | None = None,
) -> bytes:
    """A LogRecord as one JSON line with its newline. Never raises because of its contents.

    `fate` is what `console.fate` says of it, and stands at the end.

    The program waits for this, and a call of a function costs 0.1 µs: what most records do not
    have is asked for here, and made in functions of its own.
    """
    attributes = record.__dict__
    site = (record.pathname, record.lineno, record.funcName, record.levelname, record.name)
    before, behind = sites.get(site) or _site(site)
    marked = ""
    if claimed is not None:
        event = quote(claimed[0])
        keys = _keys(claimed[1])
    elif type(record.msg) is str and not record.args and type(record).__module__ == "logging":
        event = quote(record.msg)  # and a signal handler may raise in here
        keys = _own(attributes)
    else:
        try:
            event = quote(record.getMessage())
        except Exception as error:  # noqa: BLE001 - a wrong %-argument, a __str__ that raises
            event = quote(f"{safe_str(record.msg)} {safe_repr(record.args, 2000)}")
            marked = f"message: {type(error).__name__}: {safe_str(error)}"
        keys = _own(attributes)
    thread = record.threadName
    if thread != "MainThread" and thread is not None:
        event += _pair("thread", thread)
    if (task := attributes.get("taskName")) is not None:
        event += _pair("task", task)
    if record.exc_info or record.exc_text or record.stack_info:
        keys += _trouble(record)
    keys += fate
    if marked:
        keys += _pair("marked", marked)
    return f"{head(agent, record.created)}{before}{event}{behind}{keys}}}\n".encode()


def _own(attributes: dict[str, Any]) -> str:
    """The attributes that the program added: behind those that every record is born with.

    Where they do not stand in that order (a class of the program's own), each is looked at.
    """
    born, last = bare or _look_at_bare()
    names = list(attributes)
    if len(names) >= born and names[born - 1] == last:
        del names[:born]
        if not names:
            return ""
    text = ""
    try:
        for name in names:
            if name not in STANDARD:
                text += f",{quote(name)}:{encode(attributes[name])}"
    except TypeError:  # a name that is no text
        return _keys({name: attributes[name] for name in names if name not in STANDARD})
    return f',"keys":{{{text[1:]}}}' if text else ""


def _look_at_bare() -> tuple[int, str]:
    global bare  # noqa: PLW0603
    born = list(vars(sys.modules["logging"].LogRecord("", 0, "", 0, "", (), None)))
    bare = (len(born), born[-1]) if STANDARD.issuperset(born) else (1, "")
    return bare


def _pair(name: str, value: object) -> str:
    return f',"{name}":{encode(value)}'


def _site(site: tuple[str, int, str, str, str]) -> tuple[str, str]:
    file, line, function, level, logger = site
    if len(sites) >= SITES:
        sites.clear()
    known = (
        f',"level":{encode(level)},"logger":{encode(logger)},"event":',
        f',"file":{encode(file)},"line":{encode(line)},"function":{encode(function)}',
    )
    sites[site] = known
    return known


def _keys(keys: dict[str, Any]) -> str:
    if not keys:
        return ""
    named = {key if type(key) is str else safe_str(key): keys[key] for key in keys}
    return f',"keys":{encode_object(named)}'


def _trouble(record: LogRecord) -> str:
    said = ""
    info = record.exc_info
    error = info[1] if isinstance(info, tuple) and len(info) > 1 else None
    if isinstance(error, BaseException):
        said = _described(error)
    elif record.exc_text:
        said = f',"exception":{encode_object({"text": record.exc_text})}'
    if record.stack_info:
        said += f',"stack":{encode(record.stack_info)}'
    return said


class LineFormat:
    """How records become lines; the part of the handler that is ours."""

    def prepare(self, record: LogRecord) -> bytes:
        """The record as a line. It is not copied, not changed and not pickled."""
        agent = process.here
        if agent is None:
            return b""
        return line_of(agent, record)

    enqueue = staticmethod(queue.put_nowait)  # not a method of ours that calls it


sink = LineFormat()
"""What records go through: the QueueHandler of `handler.py`, once its class can be made."""


def write_event(level: str, logger: str, event: str, keys: dict[str, Any], shown: bool) -> None:
    """Write a record that is not stdlib logging's: a native structlog event."""
    with guard.quiet:
        agent = process.check_fork()
        if agent is None:
            return
        file, line, function = guard.caller_of_program(3)
        error = _exception_of(keys)
        parts = [
            head(agent),
            f',"level":{encode(level)},"logger":{encode(logger)},"event":{quote(event)}',
            f',"file":{quote(file)},"line":{line},"function":{quote(function)}' if file else "",
            _keys(keys),
            error,
            ',"shown":true' if shown else "",
            "}\n",
        ]
        queue.put_nowait("".join(parts).encode())


def _exception_of(keys: dict[str, Any]) -> str:
    """Take `exc_info` out of structlog's keys and make it data, as the renderer would."""
    info = keys.pop("exc_info", None)
    if not info:
        return ""
    error = info if isinstance(info, BaseException) else None
    if isinstance(info, tuple) and len(info) > 1:
        error = info[1]
    elif error is None:
        error = sys.exc_info()[1]
    return _described(error) if error is not None else ""


def _described(error: BaseException) -> str:
    """The exception as the end of a line; only its type and message where more fails.

    (A signal handler that logs an exception may interrupt the very import of `traceback`.)
    """
    said: dict[str, Any] = {"type": type(error).__name__, "message": safe_str(error)}
    with guard.quiet:
        said = exceptions.describe(error)
    return f',"exception":{encode_object(said)}'
