"""Put a breakpoint into the processes that run, and into those that are born later.

FILE is a path, relative to where the program was started, or the end of one. A line without
code stands for the next one of its function that has some, and `def` for the first line of
its body. The program is not changed and not stopped: whoever comes to the line stops.

  mpdebug break worker.py:42
  mpdebug break worker.py:42 --if 'i == 2'
  mpdebug break worker.py:42 --process 'Worker-*' --hits 1

On Python 3.12 and newer other lines cost nothing. On 3.11 the processes trace every call while
the breakpoint is there, and only their main threads and later threads are reached.
"""

from __future__ import annotations

import os
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.cli.overview import say
from mpdebug.observer import code_lines
from mpdebug.observer.breaks import Change, LiveBreak
from mpdebug.observer.find import find_run
from mpdebug.observer.run import RunReader

if TYPE_CHECKING:
    import argparse

    from mpdebug.model import Process, Run
    from mpdebug.observer.breaks import Answer

HELP = __doc__ or ""

NAMED = 4
"""Processes that are named before the rest is counted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug break`."""
    parser.add_argument("place", metavar="FILE:LINE")
    parser.add_argument(
        "--if", dest="condition", default="", metavar="EXPR", help="stop only if this is true"
    )
    parser.add_argument(
        "--process", default="", metavar="PATTERN", help="only in processes of such a name"
    )
    parser.add_argument(
        "--hits", type=int, default=0, metavar="N", help="stop only N times, over all processes"
    )
    parser.add_argument("--run", metavar="RUN", help="id, path, `last`, or a pid")


def main(args: argparse.Namespace) -> int:
    """Set a breakpoint and tell who has it. Status 0, also where some could not take it.

    Raises:
        MpdebugError: no such run, file or line, or a condition that is no expression.
    """
    reader, run = living(args.run)
    place = place_of(args.place, run)
    check_condition(args.condition)
    if args.hits < 0:
        raise errors.UsageError(f"--hits {args.hits} is not a number of stops", "--hits 1")
    change = Change(run.path, lambda: reader.refresh().processes)
    made = change.add(
        LiveBreak(0, place.file, place.line, args.condition, args.process, args.hits)
    )
    answers = change.tell()
    tell_break(made, place, int(args.place.rpartition(":")[2]))
    if os.path.getmtime(place.file) > run.started_at:
        say("  the file has changed since the program was started: it may run other lines")
    meant = [each for each in answers if is_meant(made.process, each.process)]
    if not meant and answers:
        say(f"  no process is called {made.process} now; one that is born later may be")
    tell_answers(meant, "set")
    return 0


def living(name: str | None) -> tuple[RunReader, Run]:
    """The run that is meant, which must go on.

    Raises:
        NoSuchRunError: there is none, or it has ended.
    """
    reader = RunReader(find_run(name), scan=True)
    run = reader.refresh()
    if not any(each.alive for each in run.processes):
        raise errors.NoSuchRunError(f"run {run.id} has ended: nothing in it can stop any more")
    return reader, run


def place_of(text: str, run: Run) -> code_lines.Place:
    """What FILE:LINE means in this run.

    Raises:
        UsageError: it is not FILE:LINE.
        NoSuchPlaceError: there is no such file or line.
    """
    name, _, line = text.rpartition(":")
    if not name or not line.isdigit():
        raise errors.UsageError(
            f"break: {text!r} is not FILE:LINE", "mpdebug break worker.py:42"
        )
    folders = [run.cwd or os.getcwd(), os.getcwd()]
    scripts = [arg for each in run.processes[:1] for arg in each.argv if arg.endswith(".py")]
    folders += [os.path.dirname(os.path.join(folders[0], arg)) for arg in scripts[:1]]
    return code_lines.place(code_lines.find_file(name, folders), int(line))


def check_condition(text: str) -> None:
    """Raises UsageError where a condition is no expression of Python."""
    try:
        compile(text or "True", "<--if>", "eval")
    except (SyntaxError, ValueError) as error:
        raise errors.UsageError(
            f"break: --if {text!r} is no expression: {getattr(error, 'msg', error)}",
            "For example: --if 'i == 2 and name.startswith(\"a\")'",
        ) from None


def tell_break(made: LiveBreak, place: code_lines.Place, wanted: int) -> None:
    """Print what was set, and where it came to stand."""
    say(describe(made) + (f"  {place.source}" if place.source else ""))
    if place.line != wanted:
        say(f"  line {wanted} has no code of its own: it is at the next line that has some")
    if place.unsure:
        say(f"  whether there is code could not be checked: {place.unsure}")
    elif not place.function:
        say("  at the top of the module: for processes that run it now, or load it from now on")


def describe(one: LiveBreak) -> str:
    """A breakpoint in one line."""
    return (
        f"break {one.id}  {one.file}:{one.line}"
        + (f"  if {one.condition}" if one.condition else "")
        + (f"  in {one.process}" if one.process else "")
        + (f"  at most {one.hits} ×" if one.hits else "")
    )


def tell_answers(answers: list[Answer], done: str) -> None:
    """Print who has taken it over, and who has not, with the reason."""
    taken = [each for each in answers if not each.why and not each.late]
    later = "" if done != "set" else "; children that are born later will have it"
    processes = "1 process" if len(taken) == 1 else f"{len(taken)} processes"
    say(f"  {done} in {processes}{later}")
    if done == "set" and (slow := [each.process for each in taken if each.slow]):
        say(f"  slow while it is there (Python 3.11 traces every call): {names(slow)}")
    reasons: dict[str, list[Process]] = defaultdict(list)
    for each in answers:
        if each.late:
            reasons["not yet: busy outside of Python, or halted"].append(each.process)
        elif each.why:
            reasons[f"not in this one: {each.why}"].append(each.process)
    for why, those in reasons.items():
        say(f"  {names(those)}: {why}")


def names(those: list[Process]) -> str:
    """A few names, and how many more."""
    told = ", ".join(f"{each.name} ({each.pid})" for each in those[:NAMED])
    return told + (f" and {len(those) - NAMED} more" if len(those) > NAMED else "")


def is_meant(patterns: str, process: Process) -> bool:
    """Whether a process is one of those that a pattern names; an empty one names all."""
    texts = (process.name, process.target, str(process.pid))
    return not patterns or any(
        fnmatchcase(text, one) for text in texts for one in patterns.split(",")
    )
