r"""Show where everybody is: the Python stacks of all processes of a run, equal ones once.

Each process writes its own stacks when it is asked by a signal: nothing is stopped, no right
to trace is needed, and C code that does not come back to Python is no obstacle. Without RUN:
the newest living run. RUN is an id, a path, `last`, or the pid of any process of the run; of a
process that is not under mpdebug, what the kernel tells is shown. Ctrl-\ in the terminal in
which the program runs shows the same, and ends nothing but children that are not Python.

  mpdebug stacks
  mpdebug stacks --samples 5                  what is stuck, and what moves
  mpdebug stacks --process Worker-1 --locals
  mpdebug stacks --json | jq -r 'select(.why != "") | [.process, .why] | @tsv'

With --json each process is an object in a line: run, process, pid, role, why (it has no
stacks), waits (as the kernel says), stopped ("file:line" or ""), threads [{name, main, idle,
helper, frames [{file, line, function, source, locals}]}]; with --samples one for each sample,
with its number in "sample".
"""

from __future__ import annotations

import json
import signal
import sys
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mpdebug import errors
from mpdebug.cli import terminal
from mpdebug.observer import nudge, stacks
from mpdebug.observer.find import find_run
from mpdebug.observer.run import read_run
from mpdebug.rundir import layout

if TYPE_CHECKING:
    import argparse

    from rich.console import RenderableType

    from mpdebug.model import Process, Run
    from mpdebug.model_stacks import ProcessStacks

HELP = __doc__ or ""

INTERVAL = 0.1
"""Seconds between two samples."""

Rounds = list[list["ProcessStacks"]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug stacks`."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    parser.add_argument(
        "--process",
        action="extend",
        nargs="+",
        metavar="NAME|PID",
        help="only these; a name may have * and ?",
    )
    parser.add_argument(
        "--all-threads", action="store_true", help="also threads that only libraries know"
    )
    parser.add_argument(
        "--locals", action="store_true", help="the locals of the program's innermost lines"
    )
    parser.add_argument(
        "--native", action="store_true", help="with the frames of C code, by py-spy"
    )
    parser.add_argument("--samples", type=int, default=1, metavar="N", help="so many in a row")
    parser.add_argument(
        "--force", action="store_true", help="also where it ends a pause() or sigwait()"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Print the stacks. Status 2: nobody is there who could be asked.

    Raises:
        MpdebugError: there is no such run or process.
    """
    if args.samples < 1:
        raise errors.UsageError("stacks: --samples wants a number from 1 on")
    try:
        path = find_run(args.run, now=True)
    except errors.NoSuchRunError:
        from mpdebug.cli import strangers  # noqa: PLC0415 - of a process of no run

        if args.run and args.run.isdigit() and strangers.show(int(args.run), args):
            return 0
        raise
    run = read_run(path)
    asked = chosen(run, args.process)
    rounds = sampled(asked, args)
    if args.json:
        for number, found in enumerate(rounds):
            for one in found:
                said = as_json(run, one)
                if len(rounds) > 1:
                    said["sample"] = number
                sys.stdout.write(json.dumps(said) + "\n")
        return 0
    terminal.stdout().write(picture(run, rounds, all_threads=args.all_threads))
    return 0


def picture(run: Run, rounds: Rounds, *, all_threads: bool = False) -> RenderableType:
    """The folded stacks, to be drawn."""
    from mpdebug.diagnosis.stacks import fold  # noqa: PLC0415 - --json does without rich
    from mpdebug.views import stacks as view  # noqa: PLC0415

    tree = fold(rounds, cwd=run.cwd, all_threads=all_threads)
    return view.stacks(tree, cwd=run.cwd, title=run.id)


def after_quit_key(path: str) -> RenderableType:
    """The stacks of a run whose terminal has just sent SIGQUIT to all its processes."""
    from rich.console import Group  # noqa: PLC0415 - as in picture()

    run = read_run(path)
    asked = chosen(run, None)
    nudge.settle(asked, signal.SIGQUIT)
    from mpdebug.cli import why  # noqa: PLC0415 - as in picture()

    reasons = why.rendered(*why.look(run))
    return Group("", reasons, "", picture(run, [stacks.take(asked)]))


def chosen(run: Run, names: list[str] | None) -> list[Process]:
    """The processes to ask.

    Raises:
        NoSuchProcessError: none of the run lives, or none is called so.
    """
    there = stacks.to_ask(run)
    if not there:
        raise errors.NoSuchProcessError(
            f"no process of run {run.id} lives", "See how they ended: mpdebug deaths"
        )
    if not names:
        return [one for one in there if one.role != layout.RESOURCE_TRACKER]
    for name in names:
        if not any(is_called(one, name) for one in there):
            raise errors.NoSuchProcessError(
                f"no living process of run {run.id} is called {name}",
                f"There is: {', '.join(f'{one.name} ({one.pid})' for one in there[:6])}",
            )
    return [one for one in there if any(is_called(one, name) for name in names)]


def is_called(process: Process, name: str) -> bool:
    """Whether it has this pid, or this name or pattern of names."""
    return name == str(process.pid) or fnmatchcase(process.name, name)


def sampled(asked: list[Process], args: argparse.Namespace) -> Rounds:
    """So many samples as are wanted, some time apart."""
    rounds: Rounds = []
    for number in range(args.samples):
        if number:
            time.sleep(INTERVAL)
        is_last = number == args.samples - 1
        rounds.append(stacks.take(asked, force=args.force, with_locals=args.locals and is_last))
    missing = [one.process.name for one in rounds[-1] if args.locals and lacks_locals(one)]
    if missing:
        sys.stderr.write(
            f"mpdebug: no locals of {', '.join(missing)}: the main thread is in C and does "
            "not come back to Python\n"
        )
    if args.native:
        from mpdebug.cli import strangers  # noqa: PLC0415 - for the few who want it

        return strangers.with_native(rounds)
    return rounds


def lacks_locals(one: ProcessStacks) -> bool:
    """Whether it told its stacks, and not its locals."""
    return any(not thread.locals for thread in one.threads)


def as_json(run: Run, one: ProcessStacks) -> dict[str, Any]:
    """The stacks of a process as the object of `--json`."""
    from mpdebug.diagnosis import steps  # noqa: PLC0415 - only here

    process = one.process
    return {
        "run": run.id,
        "process": process.name,
        "pid": process.pid,
        "role": process.role,
        "why": one.why,
        "waits": one.waits,
        "stopped": next((f"{stop.file}:{stop.line}" for stop in process.stops[-1:]), ""),
        "threads": [
            {
                "name": thread.name,
                "main": thread.main,
                "idle": steps.idle(thread.frames),
                "helper": steps.is_helper(thread.frames),
                "frames": [
                    {
                        "file": frame.file,
                        "line": frame.line,
                        "function": frame.function,
                        "source": frame.source,
                        **({"locals": thread.locals[at]} if thread.locals else {}),
                    }
                    for at, frame in enumerate(thread.frames)
                ],
            }
            for thread in one.threads
        ],
    }
