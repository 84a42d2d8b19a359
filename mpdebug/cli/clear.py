"""Take breakpoints that were set with `mpdebug break` out of the running processes.

  mpdebug clear 2
  mpdebug clear all

Without a number: the one that there is. Processes that stand at it go on standing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.cli.overview import say
from mpdebug.cli.set_break import describe, tell_answers
from mpdebug.observer.breaks import Change, LiveBreak, read_breaks
from mpdebug.observer.find import find_run
from mpdebug.observer.run import RunReader

if TYPE_CHECKING:
    import argparse

HELP = __doc__ or ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug clear`."""
    parser.add_argument("which", nargs="*", metavar="ID", help="their numbers, or `all`")
    parser.add_argument("--run", metavar="RUN", help="id, path, `last`, or a pid")


def main(args: argparse.Namespace) -> int:
    """Clear breakpoints and tell who has. Status 0.

    Raises:
        MpdebugError: there is no such run or breakpoint, or it is not clear which is meant.
    """
    reader = RunReader(find_run(args.run), scan=True)
    found = chosen(args.which, read_breaks(reader.path))
    change = Change(reader.path, lambda: reader.refresh().processes)
    change.remove({one.id for one in found})
    answers = [each for each in change.tell() if each.process.observed]
    for one in found:
        say(f"cleared {describe(one)}")
    if answers:
        tell_answers(answers, "cleared")
    return 0


def chosen(words: list[str], found: list[LiveBreak]) -> list[LiveBreak]:
    """Those that are meant.

    Raises:
        NoSuchPlaceError: there is none of that number.
        UsageError: it is not clear which is meant.
    """
    if not found:
        raise errors.NoSuchPlaceError("there are no live breakpoints to clear")
    if words == ["all"] or (not words and len(found) == 1):
        return found
    ids = ", ".join(str(one.id) for one in found)
    if not words or not all(word.isdigit() for word in words):
        raise errors.UsageError(f"clear: which of {ids}?", "mpdebug clear all")
    numbers = {int(word) for word in words}
    if missing := numbers - {one.id for one in found}:
        raise errors.NoSuchPlaceError(
            f"there is no live breakpoint {min(missing)}; there is: {ids}",
            "List them: mpdebug breaks",
        )
    return [one for one in found if one.id in numbers]
