"""The command line: which command is meant, errors with their cure, and the exit status.

`run` is the command when none is named, and everything it needs is loaded by it: the program
waits for us before it starts.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from mpdebug import errors
from mpdebug.cli.overview import COMMANDS, general_help, say

if TYPE_CHECKING:
    import argparse

GARBAGE = 50_000
"""New objects between two looks for garbage: loading modules makes none, and a command that
answers at once spends a seventh of its time on looking."""


def console() -> NoReturn:
    """Run the command line of this process, and leave with its status."""
    try:
        status = main(sys.argv[1:])
    except errors.MpdebugError as error:
        tell(error)
        status = error.status
    except KeyboardInterrupt:
        status = -signal.SIGINT
    leave(status)


def main(arguments: list[str]) -> int:
    """Do what the arguments say; returns the exit status, negative: die by that signal.

    Raises:
        MpdebugError: something that the person can mend.
    """
    gc.set_threshold(GARBAGE)
    if not arguments:
        say(general_help())
        return errors.UsageError.status
    name = arguments[0]
    if name == "help" and len(arguments) <= 2 and not os.path.exists("help"):  # noqa: PLR2004
        arguments = [*arguments[1:], "--help"]
        name = arguments[0]
    if name == "run" or name not in COMMANDS:
        from mpdebug.cli import run  # noqa: PLC0415  # queries need nothing of it

        return run.main(arguments[1:] if name == "run" else arguments)
    return _query(name, arguments[1:])


def _query(name: str, arguments: list[str]) -> int:
    """A command that asks something: it prints to stdout and is piped like any Unix tool."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    module = importlib.import_module(COMMANDS[name][0])
    parser = _parser(name, module.HELP)
    module.add_arguments(parser)
    status: int = module.main(parser.parse_args(arguments))
    return status


def _parser(name: str, text: str) -> argparse.ArgumentParser:
    import argparse  # noqa: PLC0415  # a run does without

    from mpdebug.cli import options  # noqa: PLC0415

    class Parser(argparse.ArgumentParser):
        """argparse that raises our errors, and guesses what was meant."""

        def error(self, message: str) -> NoReturn:
            known = [word for action in self._actions for word in action.option_strings]
            wrong = [word for word in message.split() if word.startswith("-")]
            named = bool(wrong) and wrong[0].rstrip(":") in known  # its value is wrong
            guess = wrong and not named
            cure = options.near(wrong[0], known, "Did you mean {}?") if guess else ""
            raise errors.UsageError(f"{name}: {message}", cure or f"See: mpdebug {name} --help")

    head, _, rest = text.strip().partition("\n\n")
    return Parser(
        prog=f"mpdebug {name}",
        description=head,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def tell(error: errors.MpdebugError) -> None:
    """Print an error and its cure to stderr, which may be closed."""
    text = f"mpdebug: {error}\n" + (f"  {error.cure}\n" if error.cure else "")
    with contextlib.suppress(OSError):
        os.write(2, text.encode("utf-8", "backslashreplace"))


def leave(status: int) -> NoReturn:
    """End this process: with a status, or by the signal that the program died of."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):  # nobody reads it any more
        status = status or 1
    if status < 0:
        from mpdebug.supervisor import jobs  # noqa: PLC0415  # a rare way to end

        jobs.die_like(-status)
        status = 128 - status
    os._exit(status)  # threads that draw may still hold something; nothing is left to do
