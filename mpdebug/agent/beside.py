"""A fork beside other threads: what those had locked, stays locked in the child for ever.

Looked at only where there are other threads. Threads of the standard library's own (of Pools,
executors, queues) are left out: they know of forks; so is the main thread where one of those
forks, as a Pool does to replace a worker.
"""

from __future__ import annotations

import _thread
import sys

from mpdebug.agent import descriptors, guard, process
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 20
"""Threads that are told."""

seen: list[dict[str, Any]] = []
"""What was running at the fork that is being made."""


def before() -> None:
    """Called by `os.fork`, in the thread that forks."""
    seen.clear()
    if process.here is None or not descriptors.running_threads():
        return
    with guard.quiet:
        seen.extend(_others())


def _others() -> list[dict[str, Any]]:
    own = _thread.get_ident()
    frames = sys._current_frames()  # noqa: SLF001 - documented
    threading: Any = sys.modules.get("threading")
    active = getattr(threading, "_active", {})
    main = getattr(getattr(threading, "_main_thread", None), "_ident", 0)
    forks = guard.program_frame(frames.pop(own, None)) is not None
    found: list[dict[str, Any]] = []
    for ident, frame in frames.items():
        theirs = guard.program_frame(frame)
        if theirs is None or (ident == main and not forks) or len(found) >= MOST:
            continue
        code = theirs.f_code
        name = str(getattr(active.get(ident), "_name", "") or ident)
        where = f"{code.co_filename}:{theirs.f_lineno}"
        found.append({"name": name, "where": where, "function": code.co_name})
    return found


def in_child() -> None:
    """Tell it, in the child that has to live with it."""
    here = process.here
    if seen and here is not None:
        here.event(layout.EV_FORKED_BESIDE, threads=seen[:], where=guard.where())
    seen.clear()


process.on_fork.append(in_child)
