"""Open a prompt in a process that stands at a breakpoint, or interrupt one where it is.

Without PROCESS: the newest stop of the newest living run. A process that is not stopped is
interrupted, also in sleep, in a read or while it waits for a lock; it goes on when you leave.
What comes from a pipe is taken for commands, and at its end a stop stays as it was.

  mpdebug attach
  mpdebug attach Worker-3
  mpdebug attach 7457
  mpdebug attach --hung
  echo 'p rows' | mpdebug attach Worker-3

In the prompt: help. Ctrl-C interrupts what the process evaluates, Ctrl-D lets it go on.
Status 1: the process does not answer within 2 s; the request stays, it stops when it can.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from mpdebug import errors
from mpdebug.cli import reach

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from mpdebug.cli.console_roles import Terminal
    from mpdebug.model import Process, Stop

HELP = __doc__ or ""

UNANSWERED = 1
"""Exit status where the process did not stop in time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug attach`."""
    add = parser.add_argument
    add("process", nargs="?", metavar="PROCESS", help="name or pid")
    add("--run", metavar="RUN", help="id, path, `last`, or a pid")
    add("--hung", action="store_true", help="the process that has not moved longest")
    add("--force", action="store_true", help="also where the signal that asks it to stop ends"
        " a pause() or sigwait() of the program")  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Open the prompt. Status 0; 1: the process did not stop in time.

    Raises:
        MpdebugError: there is no such run, process or stop, or it cannot be entered.
        KeyboardInterrupt: Ctrl-C before there was a prompt.
    """
    if args.hung and args.process:
        raise errors.UsageError("attach: --hung chooses the process", "mpdebug attach --hung")
    _end_by_exception()
    if not (args.hung or args.process):
        return _open(*reach.newest_stop(args.run), interrupted=False)
    path, process = _hung(args.run) if args.hung else reach.find_process(args.process, args.run)
    stop = reach.stop_of_process(path, process)
    if stop is not None:
        return _open(path, stop, interrupted=False)
    stop, why = reach.interrupt(path, process, force=args.force)
    if stop is None:
        _tell_unanswered(process, why)
        return UNANSWERED
    return _open(path, stop, interrupted=stop.kind == "attach")


def _open(path: str, stop: Stop, *, interrupted: bool) -> int:
    from mpdebug.cli import console  # noqa: PLC0415 - where there is a stop

    screen = _screen()
    _let_go_of_orphans(path)
    if not screen.attended:
        console.run(path, stop, screen, interrupted=interrupted)
        return 0
    from mpdebug.cli.console_logs import shown_above  # noqa: PLC0415 - see above

    with shown_above(path, screen):
        console.run(path, stop, screen, interrupted=interrupted)
    return 0


def _screen() -> Terminal:
    """The terminal, or where there is none the pipe."""
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        from mpdebug.cli.console_screen import Screen  # noqa: PLC0415 - 0.2 s

        return Screen()
    from mpdebug.cli.console_plain import Lines  # noqa: PLC0415 - without a terminal

    return Lines()


def _let_go_of_orphans(path: str) -> None:
    """What a prompt has halted that was killed goes on."""
    from mpdebug.observer import halting  # noqa: PLC0415 - where there is a stop
    from mpdebug.observer.living import living_processes  # noqa: PLC0415

    if halting.is_forgotten(path):
        halting.let_go(path, living_processes(path))


def _hung(run: str | None) -> tuple[str, Process]:
    from mpdebug.observer.find import find_run  # noqa: PLC0415 - for --hung only
    from mpdebug.observer.hung import hung  # noqa: PLC0415
    from mpdebug.observer.run import read_run  # noqa: PLC0415

    path = find_run(run)
    found = hung(read_run(path))
    if not found:
        raise errors.NoSuchProcessError(
            f"all processes of run {os.path.basename(path)} move", "See them: mpdebug stops"
        )
    process, seconds, why = found[0]
    silent = f"has not moved for {seconds:.1f} s"
    sys.stderr.write(f"{process.name} (pid {process.pid}) {silent}: {why}\n")
    return path, process


def _tell_unanswered(process: Process, why: str) -> None:
    from mpdebug.observer.nudge import last_stack  # noqa: PLC0415 - where it is needed

    who = f"{process.name} (pid {process.pid})"
    if why:
        text = f"mpdebug: {who} cannot be interrupted: {why}\n"
        rest = "Nothing was left with it. When that has changed"
    else:
        reason = "its main thread does not come back to Python"
        text = f"mpdebug: {who} did not stop within {reach.WITHIN:g} s: {reason}\n"
        rest = "The request stays: it stops when it can. Then"
    stack, unknown = last_stack(process)
    text += f"{stack}\n" if stack else f"  Its stack is not known: {unknown}\n"
    text += f"  {rest}: mpdebug attach {process.pid}\n"
    sys.stderr.write(text)


def _end_by_exception() -> None:
    """A signal that ends us leaves the way everything does: what is halted goes on."""

    def end(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)
