"""How a process that ends by itself says so: the uncaught exception, or the plain end.

No excepthook is set: Python keeps the exception that ended the program in `sys.last_exc`
(`sys.last_value` before 3.12) before it runs the atexit functions. pytest and others put
exceptions there that they have caught; the one that ended the program has a traceback that
begins at the very bottom of the main thread's stack.
"""

from __future__ import annotations

import sys

from mpdebug.agent import descriptors, guard, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


TELLERS = frozenset({"linecache", "tokenize", "traceback"})
"""What describing an exception with its source lines loads; the program may have its own."""


def uncaught() -> BaseException | None:
    """The exception that ended the main thread, if one did."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if not isinstance(error, BaseException) or was_typed(error.__traceback__):
        return None
    traceback = error.__traceback__
    return error if traceback is None or traceback.tb_frame.f_back is None else None


def note_uncaught() -> None:
    """Say goodbye with the exception that ended the main thread, if one did."""
    here = process.here
    error = uncaught()
    if here is not None and not here.said_goodbye and error is not None:
        # Python dies of SIGINT after an uncaught KeyboardInterrupt, unless text was compiled
        # since (`eval` in an import of `linecache` is enough): then its status would be 1.
        full = not isinstance(error, KeyboardInterrupt) and (
            sys.modules.keys() >= TELLERS or guard.may_import()
        )
        used_up = sys.modules.get("mpdebug.agent.used_up")
        if used_up is not None:
            used_up.note(error, guard.place_of(error), ends=True)
        with guard.quiet:
            descriptors.have_room()
            from mpdebug.agent import exceptions  # noqa: PLC0415 - not at every start

            said = exceptions.describe(error, text=full, source=full)
            here.goodbye("exception", exception=said)


def was_typed(traceback: TracebackType | None) -> bool:
    """Whether the exception is one that an interactive session printed, and went on."""
    if sys.flags.interactive:
        return True
    typed = traceback is not None and traceback.tb_frame.f_code.co_filename == "<stdin>"
    return typed and hasattr(sys, "ps1")


def at_exit() -> None:
    """The last of the atexit functions: registered first.

    Without us no more Python code would run: what a signal's handler raises in here, a second
    Ctrl-C, nobody would be shown.
    """
    try:
        with guard.Undisturbed():
            note_uncaught()
            process.work_ends()
            if process.here is not None:
                process.here.goodbye("returned")
    except BaseException:  # noqa: BLE001, S110 - see above
        pass
