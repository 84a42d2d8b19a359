"""`mpdebug.breakpoint()` and `mpdebug.post_mortem()`: stops that the program asks for."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

from mpdebug.agent import loading, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def breakpoint(  # noqa: A001 - as the built-in; each is one condition
    *,
    when: object = True,
    process: str = "",
    once: bool = False,
    every: int = 0,
    after: int = 0,
    limit: int = 0,
    header: str = "",
    tcp: bool | int | None = None,
    wait: float | None = None,
) -> None:
    """Stop here, in this process, and wait for a prompt.

    The hits of a place are counted over all processes of the run, so that `once` means once
    among eight workers.

    Args:
        when: stop only if this is true.
        process: stop only in processes whose name matches this pattern: "Worker-*".
        once: stop at the first hit only.
        every: stop at each so-manieth hit (100: the 100th, the 200th, …).
        after: let so many hits pass by first.
        limit: at most so many processes stand here at once; the others run on.
        header: text that is shown first.
        tcp: a genuine remote-pdb port on 127.0.0.1 for telnet or nc instead of our prompt;
            True: any port. Anybody on this machine can get in.
        wait: seconds to wait for somebody, then go on; default: for ever where a terminal is
            there, else not at all (the stop is written to the log).

    Raises:
        BdbQuit: the person said `abort`; or the exception that was given with it.
    """
    if not when:
        return
    _stop(
        sys._getframe(1),  # noqa: SLF001
        process,
        (once, every, after),
        limit,
        header=header,
        tcp=tcp,
        wait=wait,
    )


def _stop(
    frame: FrameType,
    pattern: str,
    policy: tuple[bool, int, int],
    limit: int,
    *,
    header: str,
    tcp: bool | int | None,
    wait: float | None,
) -> None:
    here = process.check_fork() or _open_run()
    if here is None or (pattern and not fnmatchcase(str(here.who["name"]), pattern)):
        return
    stops = loading.stops()
    if stops is None:
        return
    from mpdebug.agent import counts  # noqa: PLC0415 - when it is hit

    key = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    once, every, after = policy
    turn = counts.wanted(
        here.settings.run, key, once=once, every=every, after=after, limit=limit
    )
    if turn is None:
        return
    try:
        stops.stop(frame, "breakpoint", header=header, tcp=tcp, wait=wait)
    finally:
        counts.give(turn.slot)


def post_mortem(*, header: str = "", wait: float | None = None) -> None:
    """Look at the exception that is being handled, with the frames it went through.

    Call it in an `except` block. Without an exception it does nothing but say so.

    Raises:
        RuntimeError: no exception is being handled here.
        BdbQuit: the person said `abort`.
    """
    error = sys.exc_info()[1]
    if error is None:
        raise RuntimeError("mpdebug.post_mortem() belongs into an except block")
    if process.check_fork() is None and _open_run() is None:
        return
    stops = loading.stops()
    if stops is not None:
        stops.stop(
            None,
            "post_mortem",
            header=header,
            error=error,
            traceback=error.__traceback__,
            wait=wait,
        )


def _open_run() -> process.Agent | None:
    """The program was started plainly: open a run for it, and say how to get in."""
    from mpdebug.entry import plain  # noqa: PLC0415 - when it is hit

    return plain.open_run()
