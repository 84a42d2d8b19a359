"""Asking running processes for their stacks with locals: `agent/frames.py` answers."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from mpdebug.model import Frame
from mpdebug.model_stacks import ThreadStack
from mpdebug.observer import nudge
from mpdebug.observer.facts import as_int, as_text
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import Process

LOOK = 0.002
"""Seconds between two looks for answers."""


def ask(
    processes: Sequence[Process], timeout: float = 1.0, *, force: bool = False
) -> list[tuple[ThreadStack, ...]]:
    """The threads of each process, the main one first; none of one that does not answer.

    The question is taken back from those.
    """
    found: list[tuple[ThreadStack, ...]] = [()] * len(processes)
    asked = time.monotonic_ns()
    waiting = {at for at, one in enumerate(processes) if _ask(one, asked, force=force)}
    end = time.monotonic() + timeout
    while waiting:
        late = time.monotonic() >= end
        for at in list(waiting):
            said = lines.read_json(os.path.join(processes[at].folder, layout.FRAMES)) or {}
            if as_int(said.get("mono")) >= asked:
                found[at] = _threads(said)
                _remove(processes[at], layout.FRAMES)
                waiting.discard(at)
        if late:
            break
        time.sleep(LOOK)
    for at in waiting:
        _remove(processes[at], layout.FRAMES_ASK)
    return found


def _ask(process: Process, asked: int, *, force: bool) -> bool:
    path = os.path.join(process.folder, layout.FRAMES_ASK)
    try:
        lines.write_json(path, {"by": os.getpid(), "mono": asked})
    except OSError:
        return False
    if nudge.nudge(process, force=force):
        _remove(process, layout.FRAMES_ASK)
        return False
    return True


def _remove(process: Process, name: str) -> None:
    try:
        os.unlink(os.path.join(process.folder, name))
    except OSError:
        return


def _threads(said: dict[str, Any]) -> tuple[ThreadStack, ...]:
    found = []
    for thread in said.get("threads") or ():
        rows = list(reversed(thread.get("frames") or ()))
        found.append(
            ThreadStack(
                tuple(Frame(as_text(row[0]), as_int(row[1]), as_text(row[2])) for row in rows),
                as_int(thread.get("ident")),
                as_text(thread.get("name")),
                main=bool(thread.get("main")),
                locals=tuple(row[3] for row in rows),
            )
        )
    return tuple(sorted(found, key=lambda one: not one.main))
