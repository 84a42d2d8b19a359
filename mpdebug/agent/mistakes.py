"""Exceptions that say something about processes, and that a program may well swallow."""

from __future__ import annotations

from mpdebug.agent import encode, exceptions, guard, process
from mpdebug.rundir import layout

MESSAGE_ROOM = 1000


def note(error: BaseException) -> None:
    """Tell it, with the place in the program from which it was called. It goes on as it is."""
    here = process.here
    if here is None or not isinstance(error, Exception):
        return
    with guard.quiet:
        here.event(
            layout.EV_MISTAKE,
            type=exceptions.type_name(type(error)),
            message=encode.safe_str(error)[:MESSAGE_ROOM],
            where=guard.where(),
        )
