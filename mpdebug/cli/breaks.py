"""List the breakpoints that were put into a running program with `mpdebug break`.

  mpdebug breaks
  mpdebug breaks --json | jq .file

With --json each is an object in a line: id, file, line, if, process, hits (it stops so often
over all processes; 0: always), stopped (how often it has stopped so far).
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from mpdebug.cli.overview import say
from mpdebug.cli.set_break import describe
from mpdebug.observer.breaks import read_breaks
from mpdebug.observer.find import find_run

if TYPE_CHECKING:
    import argparse

HELP = __doc__ or ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug breaks`."""
    parser.add_argument("--run", metavar="RUN", help="id, path, `last`, or a pid")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Print the live breakpoints of a run. Status 0, whether there are some or not.

    Raises:
        MpdebugError: there is no such run, or it cannot be read.
    """
    found = read_breaks(find_run(args.run))
    for one in found:
        if args.json:
            sys.stdout.write(json.dumps({**one.said(), "stopped": one.stopped}) + "\n")
        else:
            say(f"{describe(one)}  (stopped {one.stopped} ×)")
    if not found and not args.json:
        say("No live breakpoints. Set one: mpdebug break FILE:LINE")
    return 0
