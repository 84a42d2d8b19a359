"""Show what processes share: who made it, who has it now, and what is left over.

Shared memory, the arenas of Value and Array, files that more than one maps, semaphores, pipes,
socket pairs and managers. Without RUN: the newest living run, else the newest kept one, of
which there is what it left behind. RUN is an id, a path, `last`, or the pid of any process:
of one that is not under mpdebug, and all below it, all is told but where things were made.

  mpdebug shared
  mpdebug shared last                      what is left over
  mpdebug shared --all                     also the pipes of multiprocessing's own
  mpdebug shared --json | jq -r 'select(.left_over) | .name'

With --json each thing is an object in a line: run, kind (manager, shared memory, arena, mmap,
semaphore, pipe, socket pair, listener), name, inode, size (bytes) or null, made {by, pid,
where ("file:line"), call, class} or null, holders [{process, pid, how}], left_over, note.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from mpdebug import env, errors
from mpdebug.cli import terminal
from mpdebug.cli.look import open_reader
from mpdebug.observer.shared import read_shared

if TYPE_CHECKING:
    import argparse

    from mpdebug.model_shared import AllShared, Shared

HELP = __doc__ or ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug shared`."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    add("--all", action="store_true", help="also pipes that no call of the program made")
    add("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Print what is shared. Status 0.

    Raises:
        MpdebugError: there is no such run, it cannot be read, or this system has no /proc.
    """
    if not env.HAS_PROC:
        raise errors.UnsupportedError(
            "what processes share is read from /proc, which is not here"
        )
    found = read_shared(open_reader(args.run).refresh())
    if args.json:
        for one in found.things:
            sys.stdout.write(json.dumps(as_json(found, one)) + "\n")
        for name, why in found.refused:
            sys.stderr.write(f"mpdebug: {name!a} could not be looked at: {why}\n")
        return 0
    from mpdebug.diagnosis.shared import table  # noqa: PLC0415 - --json does without rich
    from mpdebug.views.shared import shared  # noqa: PLC0415

    terminal.stdout().write(shared(table(found, everything=args.all)))
    return 0


def as_json(found: AllShared, one: Shared) -> dict[str, object]:
    """A thing as the object of `--json`."""
    label = one.label
    return {
        "run": found.run.id,
        "kind": one.kind,
        "name": one.name,
        "inode": one.inode,
        "size": one.size if one.size >= 0 else None,
        "made": {
            "by": label.maker.name,
            "pid": label.maker.pid,
            "where": label.where,
            "call": label.call,
            "class": label.lock,
        }
        if label
        else None,
        "holders": [
            {"process": each.name, "pid": each.pid, "how": each.how} for each in one.holders
        ],
        "left_over": one.left_over,
        "note": one.note,
    }
