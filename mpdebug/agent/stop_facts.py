"""What is told of a stop: its place and plain locals, for the board and the events."""

from __future__ import annotations

import os
import sys
from itertools import count

from mpdebug.agent import encode, guard, identity, process, tasks
from mpdebug.agent.clock import Clock
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

LOCALS = 40
numbers = count()


def make_folder(path: str) -> None:
    """Make the folder of the stops; two threads may come here at once. Raises OSError."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return


def tell_stopped(here: process.Agent, facts: dict[str, Any], *, reported: bool) -> None:
    """Add the stop to the events, which stay when its file is gone."""
    if not reported:
        with guard.quiet:
            from mpdebug.agent import timeouts  # noqa: PLC0415 - when it is hit

            timeouts.tell_from_now_on(here)
    here.event(
        layout.EV_STOPPED,
        n=facts["n"],
        why=facts["kind"],
        file=facts["file"],
        line=facts["line"],
        function=facts["function"],
        thread=facts["thread"],
        reported=reported,
    )


def facts_of(
    kind: str,
    number: int,
    header: str,
    error: BaseException | None,
    place: dict[str, Any],
) -> dict[str, Any]:
    """What the file of a stop says, see `rundir/layout.py`."""
    thread, is_main = identity.thread_name()
    facts = {
        "format": layout.FORMAT,
        "n": number,
        "time": round(Clock.now(), 6),
        "mono": Clock.mono(),
        "kind": kind,
        **place,
        "thread": thread,
        "main_thread": is_main,
        "header": header,
        "client": 0,
        "moving": False,
    }
    if error is not None:
        facts["exception"] = {
            "type": type(error).__name__,
            "message": encode.safe_str(error)[:500],
        }
    return facts


def say_where(here: process.Agent, facts: dict[str, Any]) -> None:
    """Nobody supervises this run: print where it stands, and what to type."""
    name = here.who["name"] or here.who["role"]
    where = f"{facts['file']}:{facts['line']} in {facts['function']}"
    say(
        f"mpdebug: {name} (pid {here.pid}) stopped at {where}\n"
        f"  in another terminal: {sys.executable} -m mpdebug attach {here.pid}\n"
    )


def say(text: str) -> None:
    """Write to stderr, if it takes it."""
    try:
        os.write(2, text.encode("utf-8", "backslashreplace"))
    except OSError as error:  # stderr is closed
        if guard.is_from_outside(error):
            raise
        return


def traceback_frame(traceback: TracebackType | None) -> FrameType | None:
    """The innermost frame of a traceback."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame if traceback is not None else None


def place_of(frame: FrameType | None, traceback: TracebackType | None) -> dict[str, Any]:
    """File, line, function, source and plain locals of where it stands."""
    line = frame.f_lineno if frame is not None else 0
    if frame is None:
        last = traceback
        while last is not None:
            if frame is None or not guard.is_ours_or_stdlib(last.tb_frame.f_code.co_filename):
                frame, line = last.tb_frame, last.tb_lineno
            last = last.tb_next
    if frame is None:
        return {"file": "", "line": 0, "function": "", "source": "", "locals": {}}
    import linecache  # noqa: PLC0415 - when it is hit

    code = frame.f_code
    found: dict[str, Any] = {
        "file": os.path.abspath(code.co_filename)
        if code.co_filename[:1] != "<"
        else code.co_filename,
        "line": line or 0,
        "function": code.co_name,
        "source": linecache.getline(code.co_filename, line or 0, frame.f_globals).strip()[:500],
        "locals": {},
    }
    with guard.quiet:
        found["locals"] = plain_locals(frame)
    return found


def plain_locals(frame: FrameType) -> dict[str, str]:
    """Names and values, bounded; of what is not plain only the type (a `__repr__` may hang)."""
    found: dict[str, str] = {}
    at_module = frame.f_locals is frame.f_globals
    for name, value in list(frame.f_locals.items()):
        if name.startswith("__") or (at_module and callable(value)):
            continue
        if type(value).__name__ == "module":
            continue
        found[str(name)] = tasks.describe(value)[:200]
        if len(found) >= LOCALS:
            break
    return found


def is_somebody_there(here: process.Agent) -> bool:
    """Whether a console is at some stop of the run."""
    above = os.path.dirname(here.path)
    try:
        for name in os.listdir(above):
            folder = os.path.join(above, name, layout.STOPS)
            for file in os.listdir(folder) if os.path.isdir(folder) else ():
                if file.endswith(".json"):
                    with open(os.path.join(folder, file), "rb") as opened:
                        text = opened.read()
                    if b'"client":' in text and b'"client":0' not in text:
                        return True
    except OSError:  # it ends just now
        return False
    return False
