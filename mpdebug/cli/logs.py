"""Show the logs of a run, finished or living: one stream of all its processes.

Without RUN: the newest living run, else the newest kept one. RUN is an id, a path, `last`, or
the pid of any process of the run.

  mpdebug logs
  mpdebug logs k7f2 --process 'ForkPoolWorker-*' --level warning
  mpdebug logs -f --since 5m
  mpdebug logs --json | jq -r 'select(.level == "ERROR") | .event'

With --json each record is an object in a line, `time` (epoch seconds) first: time, mono
(nanoseconds on the clock that all processes of a machine share), n (counts the records of a
process), level, logger, event, thread, task, file, line, function, keys, exception, shown,
held, queued, marked, pid, process; what does not apply is left out.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import os
import re
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.cli import terminal
from mpdebug.observer.find import find_run
from mpdebug.observer.jsonfile import JsonLinesHandler
from mpdebug.observer.rebuild import is_level, level_number
from mpdebug.observer.records import RecordListener
from mpdebug.observer.run import read_run
from mpdebug.observer.terminal import TerminalHandler
from mpdebug.rundir import layout, lines
from mpdebug.rundir.readers import reading
from mpdebug.views.records import RecordView

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpdebug.observer.who import Who

HELP = __doc__ or ""

LEVEL = re.compile(rb'"level":"([^"]*)"')
AGO = re.compile(r"(\d+(?:\.\d+)?)([smhd])\Z")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug logs`."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    add("-f", "--follow", action="store_true", help="go on until the run ends, or Ctrl-C")
    add("--process", metavar="NAME|PID", action="append", help="only this process; may be a"
        " pattern (Fork*), may be given again")  # fmt: skip
    add("--level", metavar="LEVEL", default="", type=_level, help="this level and above")
    add("--since", metavar="TIME", default=0.0, type=since, help="30s, 5m, 2h or 1d ago, 12:30,"
        " 2025-11-22T12:30")  # fmt: skip
    add("--json", action="store_true", help="one JSON object a line")
    add("--no-fold", dest="fold", action="store_false", help="show equal records of many"
        " processes each, not as one line")  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Print the records of a run to stdout. Status 0.

    Raises:
        MpdebugError: there is no such run, or it cannot be read.
        KeyboardInterrupt: Ctrl-C while following.
    """
    run = find_run(args.run)
    out = terminal.stdout()
    shown: logging.Handler
    if args.process and not args.follow:
        _check(run, args.process)
    if args.json:
        shown = JsonLinesHandler(out.fd)
    else:
        view = RecordView(colour=out.colour, width=out.width if out.is_a_terminal else None)
        shown = TerminalHandler(
            out.write, view.line, logs="all", level=args.level, fold=args.fold
        )
    if args.process or args.since or (args.json and args.level):
        shown = Chosen(shown, args.process or [], args.level, args.since)
    with reading(run):
        listener = RecordListener(run, shown, follow=args.follow and not has_ended(run))
        listener.run(until=lambda: out.broken or has_ended(run))
    return 0


def _is_meant(text: str, pid: int, name: str) -> bool:
    return text == str(pid) or fnmatchcase(name, text)


def _check(run: str, asked: list[str]) -> None:
    """Raises NoSuchProcessError: one of these is no process of the run, by name or pid."""
    processes = read_run(run).processes
    for text in asked:
        if not any(_is_meant(text, one.pid, one.name) for one in processes):
            raise errors.NoSuchProcessError(
                f"no process of run {os.path.basename(run)} is called {text}",
                f"See them: mpdebug runs {os.path.basename(run)}",
            )


class Chosen(logging.Handler):
    """Passes on only the records of some processes, levels and times.

    Args:
        handler: gets what is chosen.
        processes: pids, or patterns of names; empty: all.
        level: name of the lowest level; empty: all.
        since: epoch seconds.
    """

    def __init__(
        self, handler: logging.Handler, processes: list[str], level: str, since: float
    ) -> None:
        super().__init__()
        self._inner = handler
        self._pass: Callable[[list[tuple[bytes, Who]]], None] = handler.emit_lines  # type: ignore[attr-defined]
        self._processes = processes
        self._least = level_number(level)
        self._since = since
        self._known: dict[Who, bool] = {}

    def emit_lines(self, batch: list[tuple[bytes, Who]]) -> None:
        """Pass on what is chosen of a batch."""
        self._pass([(line, who) for line, who in batch if self._wants(line, who)])

    def emit_line(self, line: bytes, who: Who) -> None:
        """Pass on one record, if it is chosen."""
        self.emit_lines([(line, who)])

    def due(self) -> float | None:
        """When the handler behind wants to be called."""
        due = getattr(self._inner, "due", None)
        return due() if due is not None else None

    def tick(self) -> None:
        """Call it."""
        if (tick := getattr(self._inner, "tick", None)) is not None:
            tick()

    def end(self) -> None:
        """Tell it that nothing follows."""
        if (end := getattr(self._inner, "end", None)) is not None:
            end()

    def _wants(self, line: bytes, who: Who) -> bool:
        wanted = self._known.get(who)
        if wanted is None:
            wanted = self._known[who] = not self._processes or any(
                _is_meant(text, who.pid, who.name) for text in self._processes
            )
        if not wanted or (self._since and float(line[8:25]) < self._since):
            return False
        if self._least:
            level = LEVEL.search(line)
            return level is None or level_number(level[1].decode()) >= self._least
        return True


def has_ended(run: str) -> bool:
    """Whether nothing more will be written to a run."""
    head = lines.read_json(os.path.join(run, layout.RUN))
    if head is None or "ended" in head:
        return True
    supervisor = head.get("supervisor")
    if supervisor and layout.is_alive(supervisor["pid"], supervisor["start"]):
        return False
    try:
        names = os.listdir(os.path.join(run, layout.PROCESSES))
    except OSError:
        return True
    known = [parsed for name in names if (parsed := layout.parse_folder_name(name))]
    return not any(layout.is_alive(pid, start) for pid, start, _ in known)


def since(text: str) -> float:
    """Epoch seconds of `5m` (ago), of a time of today, or of a date with a time.

    Raises:
        argparse.ArgumentTypeError: it is none of these.
    """
    ago = AGO.match(text)
    if ago is not None:
        return time.time() - float(ago[1]) * UNITS[ago[2]]
    try:
        if ":" in text and "-" not in text:
            today = dt.datetime.now().astimezone().date().isoformat()
            text = f"{today}T{text}"
        return dt.datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; type 30s, 5m, 2h, 12:30 or 2025-11-22T12:30"
        ) from error


def _level(text: str) -> str:
    if text and not is_level(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no level; type debug, info, warning, error, critical or a number"
        )
    return text
