"""Show who stands at a breakpoint: the board.

Equal stops (the same line, for the same reason) are one row, with what differs between them.
Without RUN: the newest living run. RUN is an id, a path, `last`, or the pid of any process of
the run.

  mpdebug stops
  mpdebug stops k7f2
  mpdebug stops --json | jq -r 'select(.locals.rows == "3") | .process'

With --json each stop is an object in a line: run, process, pid, n, kind (breakpoint, break,
post_mortem, failure, attach), file, line, function, source, thread, main_thread, header, time
(epoch seconds), seconds (that it stands), locals {name: repr}, exception {type, message} or
null, tcp, client (pid of the prompt in it, or 0), moving, socket.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from mpdebug.cli import terminal
from mpdebug.observer.find import find_run
from mpdebug.observer.run import read_head
from mpdebug.observer.stops import living_stops

if TYPE_CHECKING:
    import argparse

    from mpdebug.model import Stop

HELP = __doc__ or ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug stops`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Print the board of a run. Status 0, whether anybody stands there or not.

    Raises:
        MpdebugError: there is no such run, or it cannot be read.
    """
    path = find_run(args.run)
    head = read_head(path)
    run = str(head.get("id") or "")
    stops = living_stops(path)
    now = time.monotonic_ns()
    if args.json:
        for stop in reversed(stops):
            sys.stdout.write(json.dumps(as_json(run, stop, now)) + "\n")
        return 0
    if not stops:
        sys.stdout.write(f"{run}: no process is stopped\n")
        return 0
    from mpdebug.diagnosis.stops import rows  # noqa: PLC0415 - --json does without rich
    from mpdebug.views.stops import board  # noqa: PLC0415

    terminal.stdout().write(board(rows(stops), now=now, cwd=str(head.get("cwd") or "")))
    return 0


def as_json(run: str, stop: Stop, now: int) -> dict[str, object]:
    """A stop as the object of `--json`."""
    raised = {"type": stop.exception, "message": stop.message}
    return {
        "run": run,
        "process": stop.name,
        "pid": stop.pid,
        "n": stop.n,
        "kind": stop.kind,
        "file": stop.file,
        "line": stop.line,
        "function": stop.function,
        "source": stop.source,
        "thread": stop.thread,
        "main_thread": stop.main_thread,
        "header": stop.header,
        "time": stop.stopped_at,
        "seconds": round((now - stop.mono) / 1e9, 3),
        "locals": stop.locals,
        "exception": raised if stop.exception else None,
        "tcp": stop.tcp,
        "client": stop.client,
        "moving": stop.moving,
        "socket": stop.socket,
    }
