"""Tell how the processes of a run died, and why.

Without RUN: the newest living run, else the newest kept one. RUN is an id, a path, `last`, or
the pid of any process of the run.

  mpdebug deaths
  mpdebug deaths k7f2 --all
  mpdebug deaths --json | jq -r 'select(.kind == "signal") | .process'

With --json each death is an object in a line: run, time (epoch seconds), pid, process, role,
kind (signal, oom, exception, exit, os._exit, vanished, startup, terminated, orphan), cause,
bad, detail {label: text}, frames [{file, line, function, source}], text, last_records.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

from rich.text import Text

from mpdebug.cli import terminal
from mpdebug.diagnosis import fold
from mpdebug.diagnosis.deaths import explain
from mpdebug.observer.find import find_run
from mpdebug.observer.run import read_run
from mpdebug.observer.source import with_source
from mpdebug.views import deaths as views

if TYPE_CHECKING:
    import argparse

    from mpdebug.model import Death, Run

HELP = __doc__ or ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug deaths`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    parser.add_argument(
        "--all",
        action="store_true",
        help="also those that the program meant (terminate(), Ctrl-C)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Print the deaths of a run. Status 0, whether there were some or not.

    Raises:
        MpdebugError: there is no such run, or it cannot be read.
    """
    run = read_run(find_run(args.run))
    found = [death for death in explain(run) if death.bad or args.all]
    if args.json:
        for death in found:
            sys.stdout.write(json.dumps(as_json(run, death), default=str) + "\n")
        return 0
    screen = terminal.stdout()
    if not found:
        observed = sum(one.observed for one in run.processes)
        screen.write(
            Text(f"{run.id}: none of {observed} processes died of anything worth a word")
        )
    for group in fold.fold(found):
        first = group.first
        screen.write(
            views.report(group.deaths, at=time_of(run, first), extra=with_source(first.frames))
        )
    return 0


def time_of(run: Run, death: Death) -> float:
    """When a death happened, in epoch seconds."""
    for one in (death.process, *run.processes):
        if one.started_at:
            return one.started_at + (death.mono - one.mono) / 1e9
    return run.started_at


def as_json(run: Run, death: Death) -> dict[str, object]:
    """A death as the object of `--json`."""
    process = death.process
    return {
        "run": run.id,
        "time": round(time_of(run, death), 6),
        "pid": process.pid,
        "process": process.name,
        "role": process.role,
        "kind": death.kind,
        "cause": death.cause,
        "bad": death.bad,
        "detail": dict(death.detail),
        "frames": [dataclasses.asdict(frame) for frame in with_source(death.frames)],
        "text": death.text,
        "last_records": list(death.last_records),
    }
