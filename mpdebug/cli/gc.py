"""List, and remove, semaphores and shared memory that no process has any more.

What multiprocessing and loky made in /dev/shm stays there for ever when a whole tree of
processes is killed, its resource tracker too. A file is left over where it is your own and
the kernel says that nobody has it open or mapped: no process of any user, in no container.
All else is left alone, and so is shared memory that a living program may open again by its
name: where a resource tracker lives that was there before it. With RUN (an id, a path,
`last`, or a pid): only what that run made, also under names of its own, and where.

  mpdebug gc
  mpdebug gc --remove
  mpdebug gc last --remove
  mpdebug gc --json | jq -r 'select(.state == "left over") | .name'

With --json each is an object in a line: name, kind (semaphore, shared memory), bytes, inode,
modified (epoch seconds), state (left over, in use, left alone, removed), why, holders
[{process, pid, how}], made {by, pid, where, call} or null. Status 2 where something that is
left over could not be removed.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from mpdebug import env, errors
from mpdebug.cli import terminal
from mpdebug.model_shared import FREE

if TYPE_CHECKING:
    import argparse

    from mpdebug.model_shared import Kept

HELP = __doc__ or ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug gc`."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid: only what it made")
    add("--remove", action="store_true", help="remove what is left over")
    add("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """List what there is, and remove what is left over if that was asked for.

    Raises:
        MpdebugError: there is no such run, or this system has no /proc or no /dev/shm.
    """
    from mpdebug.observer import kept  # noqa: PLC0415 - where there is a /proc
    from mpdebug.observer.shared import SHM  # noqa: PLC0415

    if not env.HAS_PROC:
        raise errors.UnsupportedError("who has what is read from /proc, which is not here")
    run = None
    if args.run:
        from mpdebug.cli.look import open_reader  # noqa: PLC0415

        run = open_reader(args.run).refresh()
    try:
        rows = kept.look(run)
    except OSError as error:
        raise errors.UnsupportedError(f"{SHM} cannot be read: {error.strerror}") from error
    removed, failed = _remove(rows) if args.remove else ([], 0)
    if args.json:
        gone = {one.inode for one in removed}
        for one in rows:
            sys.stdout.write(json.dumps(as_json(one, removed=one.inode in gone)) + "\n")
    else:
        from mpdebug.views.kept import kept as table  # noqa: PLC0415 - --json does without rich

        terminal.stdout().write(table(rows, removed=removed))
    return 2 if failed else 0


def _remove(rows: list[Kept]) -> tuple[list[Kept], int]:
    """Remove what is left over; returns what was removed, and how many could not be."""
    from mpdebug.observer import kept  # noqa: PLC0415 - see above

    removed, failed = [], 0
    for one in rows:
        try:
            if one.state == FREE and kept.remove(one):
                removed.append(one)
        except OSError as error:
            failed += 1
            sys.stderr.write(f"mpdebug: {one.name} is not removed: {error.strerror}\n")
    return removed, failed


def as_json(one: Kept, *, removed: bool = False) -> dict[str, object]:
    """A file as the object of `--json`."""
    label = one.label
    made = label and {
        "by": label.maker.name,
        "pid": label.maker.pid,
        "where": label.where,
        "call": label.call,
    }
    return {
        "name": one.name,
        "kind": one.kind,
        "bytes": one.size,
        "inode": one.inode,
        "modified": one.modified_at,
        "state": "removed" if removed else one.state,
        "why": one.why,
        "holders": [
            {"process": each.name, "pid": each.pid, "how": each.how} for each in one.holders
        ],
        "made": made,
    }
