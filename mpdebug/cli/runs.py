"""List the runs that there are, living and kept; or the processes of one.

Without RUN: all runs, the newest first. With RUN (an id, a path, `last`, or the pid of any
process of the run): its processes, with what each does or how it ended, and those that are
not observed with the reason.

  mpdebug runs
  mpdebug runs last
  mpdebug runs --clean

`--clean` removes the runs that have ended, and with `--all` also those that this mpdebug cannot
read. A run in which anything still lives is never removed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.cli import terminal
from mpdebug.cli.notices import is_known
from mpdebug.diagnosis.deaths import explain
from mpdebug.observer import find
from mpdebug.observer.run import RunReader, read_run
from mpdebug.rundir import place
from mpdebug.views.processes import processes
from mpdebug.views.runs import RunRow, runs

if TYPE_CHECKING:
    import argparse

HELP = __doc__ or ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug runs`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    parser.add_argument("--clean", action="store_true", help="remove the runs that have ended")
    parser.add_argument(
        "--all", action="store_true", help="with --clean: also those that cannot be read"
    )


def main(args: argparse.Namespace) -> int:
    """List, show or remove runs. Status 0.

    Raises:
        MpdebugError: there is no such run, it cannot be read, or the words do not go together.
    """
    if args.all and not args.clean:
        raise errors.UsageError("--all goes with --clean", "mpdebug runs --clean --all")
    if args.clean:
        if args.run:
            raise errors.UsageError(
                "--clean removes all runs that have ended, and takes no RUN",
                "mpdebug runs --clean",
            )
        return clean(everything=args.all)
    screen = terminal.stdout()
    if args.run:
        run = read_run(find.find_run(args.run))
        deaths = {death.process.key: death for death in explain(run)}
        screen.write(processes(run, deaths))
        return 0
    found = find.list_runs()
    if found:
        screen.write(runs(row_of(one) for one in found))
    else:
        sys.stdout.write(f"No runs in {place.base()}.\n")
    return 0


def row_of(one: find.RunSummary) -> RunRow:
    """A run as a row of the table; what died is counted by reading it."""
    deaths = None
    if one.readable:
        try:
            run = RunReader(one.path).refresh()
        except errors.MpdebugError:  # removed while we list
            deaths = None
        else:
            deaths = sum(death.bad and not is_known(death) for death in explain(run))
    return RunRow(
        id=one.id,
        command=one.command,
        started_at=one.started_at,
        alive=one.alive,
        processes=one.processes,
        deaths=deaths,
        ended_at=one.ended_at,
        status=one.status,
        readable=one.readable,
    )


def clean(*, everything: bool) -> int:
    """Remove ended runs, and say how many and how much that freed."""
    removed, freed, living, unread = 0, 0, 0, 0
    for one in find.list_runs():
        if one.alive:
            living += 1
        elif not one.readable and not everything:
            unread += 1
        else:
            try:
                freed += find.remove_run(one.path)
            except errors.NoSuchRunError:  # somebody else removed it, or it came to life
                continue
            removed += 1
    said = f"Removed {_count(removed)}, {_size(freed)}."
    if living:
        said += f" {_count(living)} still {'lives' if living == 1 else 'live'}."
    if unread:
        said += (
            f" {_count(unread)} cannot be read: mpdebug runs --clean --all removes such too."
        )
    sys.stdout.write(said + "\n")
    return 0


def _count(number: int) -> str:
    return "1 run" if number == 1 else f"{number} runs"


def _size(amount: int) -> str:
    """Bytes as a person says them."""
    size = float(amount)
    for unit in ("B", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
