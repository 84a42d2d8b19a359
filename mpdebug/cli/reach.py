"""Which process is meant, and bringing it to a stop where it has none."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.observer.find import find_run, list_runs
from mpdebug.observer.living import is_servant, living_processes
from mpdebug.observer.stops import living_stops
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mpdebug.model import Process, Stop

WITHIN = 2.0
"""Seconds in which a process that was interrupted must stand still."""

ON_ITS_WAY = 5.0
"""Seconds more for one that has taken the request: a busy machine loads slowly."""

LOOK = 0.02
AGAIN = 0.2
"""Seconds between two nudges: a process leaves the request for later where it cannot stop now
(in the middle of an import, on its way into or out of another stop)."""

NAMED = 6  # in a message


def newest_stop(run: str | None) -> tuple[str, Stop]:
    """(run folder, its newest stop); one that no other prompt is in comes first.

    Raises:
        NoSuchRunError: there is no such run.
        NoSuchProcessError: nobody is stopped in it.
    """
    path = find_run(run)
    stops = sorted(living_stops(path), key=lambda stop: stop.client != 0)
    if stops:
        return path, stops[0]
    living = [one for one in living_processes(path) if not is_servant(one)]
    name = os.path.basename(path)
    if not living:
        raise errors.NoSuchProcessError(
            f"no process of run {name} lives", "See the runs: mpdebug runs"
        )
    raise errors.NoSuchProcessError(
        f"no process of run {name} is stopped",
        f"Interrupt one where it is: mpdebug attach PROCESS, one of {_names(living)}",
    )


def find_process(text: str, run: str | None) -> tuple[str, Process]:
    """(run folder, living process) of this name or pid.

    Without a run: the newest living run that has such a process.

    Raises:
        NoSuchRunError: there is no such run.
        NoSuchProcessError: none is called so, or more than one.
    """
    if run is None and not text.isdigit():
        paths = [one.path for one in list_runs() if one.alive]
    else:
        paths = [find_run(text, now=True) if run is None else find_run(run)]
    seen: list[Process] = []
    for path in paths:
        living = living_processes(path)
        found = chosen(text, living)
        if found:
            return path, only(text, found)
        seen += living
    raise errors.NoSuchProcessError(
        f"no living process is called {text}",
        f"There is: {_names(seen)}" if seen else "See the runs: mpdebug runs",
    )


def chosen(text: str, living: Sequence[Process]) -> list[Process]:
    """The processes of this pid or name; of several with one name, those that are stopped."""
    if text.isdigit():
        return [process for process in living if process.pid == int(text)]
    return [process for process in living if process.name == text]


def only(text: str, found: Sequence[Process]) -> Process:
    """The one that was found.

    Raises:
        NoSuchProcessError: there are several.
    """
    if len(found) > 1:
        pids = ", ".join(str(process.pid) for process in found)
        raise errors.NoSuchProcessError(
            f"{len(found)} processes are called {text}: {pids}",
            f"Give the pid: mpdebug attach {found[0].pid}",
        )
    return found[0]


def stop_of_process(path: str, process: Process) -> Stop | None:
    """Its newest stop, one with no prompt in it first."""
    own = [stop for stop in living_stops(path) if stop.process == process.key]
    return min(own, key=lambda stop: stop.client != 0, default=None)


def interrupt(
    path: str,
    process: Process,
    *,
    force: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Stop | None, str]:
    """Stop a running process where it is: (its stop, "") or (None, why it does not stop).

    The request stays with a process that does not stop in time: it stops when it can. Where
    the signal cannot be sent, the request is taken back.

    Args:
        path: the run folder.
        process: one that is not stopped.
        force: also where the signal ends a `pause()` or `sigwait()` of the program.
        sleep: waits between two looks.
    """
    from mpdebug.observer import nudge  # noqa: PLC0415 - most prompts need no signal

    try:
        nudge.ask_attach(process, os.getpid())
    except OSError as error:
        return None, f"its folder cannot be written: {error.strerror}"
    why = ""
    now = time.monotonic()
    end, asked = now + WITHIN, now - AGAIN
    try:
        while (now := time.monotonic()) < end or (
            now < end + ON_ITS_WAY and _has_taken_it(process)
        ):
            # It may block signals for a moment.
            if now - asked >= AGAIN and nudge.is_asked(process):
                asked, why = now, nudge.nudge(process, force=force)
            stop = stop_of_process(path, process)
            if stop is not None:
                return stop, ""
            sleep(LOOK)
    except BaseException:  # Ctrl-C: nobody waits for it any more
        nudge.take_back(process)
        raise
    if why:  # nothing reaches it, and a request that is found later would surprise somebody
        nudge.take_back(process)
    return None, why


def _has_taken_it(process: Process) -> bool:
    from mpdebug.observer import nudge  # noqa: PLC0415 - see above

    return not nudge.is_asked(process) and layout.is_alive(process.pid, process.start)


def _names(living: Sequence[Process]) -> str:
    shown = [f"{process.name} ({process.pid})" for process in living[:NAMED]]
    more = len(living) - NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
