"""Jobs of Pools and executors that fail: told in the worker, on arrival, and when looked at.

`apply_async` without `get`, an error_callback or a look at the result loses an exception in
silence; so it is told when a failed result arrives, and again when somebody sees it. The good
path pays one test for each result.
"""

from __future__ import annotations

from itertools import count

from mpdebug.agent import encode, exceptions, guard, process
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 100
"""Failures of a kind that one process tells; then their number, each time it has doubled."""

TEXT_ROOM = 4000
MESSAGE_ROOM = 1000
WRAPPED = ("ExceptionWithTraceback", "_ExceptionWithTraceback")

numbers = count()
told: dict[str, int] = {}
process.on_fork.append(told.clear)


def owner_of(thing: Any, word: str) -> str:
    """The key of a Pool or executor, kept on something that is its own; "" for threads' ones.

    Args:
        thing: the executor, or of a Pool its result queue: what all its parts know.
        word: "pool" or "executor".
    """
    here = process.here
    known = getattr(thing, "__dict__", None)
    if here is None or known is None:
        return ""
    owner: tuple[int, str] = known.setdefault("_mpdebug_owner", (-1, ""))
    if owner[0] != here.pid:
        owner = known["_mpdebug_owner"] = (here.pid, f"{word}:{next(numbers)}")
    return owner[1]


def is_told(kind: str) -> tuple[bool, int]:
    """Whether the next failure of this kind is told, and its number."""
    number = told[kind] = told.get(kind, 0) + 1
    return number <= MOST or number & (number - 1) == 0, number


def task_failed(owner: str, job: int, error: BaseException, text: str, **more: Any) -> None:
    """In a worker: a task raised this."""
    here = process.here
    tell, number = is_told(layout.EV_TASK_FAILED)
    if here is not None and tell:
        here.event(
            layout.EV_TASK_FAILED,
            owner=owner,
            job=job,
            number=number,
            **said_of(error),
            where=place_of(text),
            text=text[-TEXT_ROOM:] if number <= MOST else "",
            **more,
        )


def unwrapped(failed: Any) -> tuple[BaseException, str]:
    """The exception on its way to the parent, and its traceback as text."""
    if type(failed).__name__ in WRAPPED:
        return failed.exc, str(failed.tb).strip('\n"')
    return failed, ""


def said_of(error: BaseException) -> dict[str, str]:
    """Type and message of an exception, bounded."""
    message = encode.safe_str(error)
    return {"type": exceptions.type_name(type(error)), "message": message[:MESSAGE_ROOM]}


def place_of(text: str) -> str:
    """`file:line` of the program's innermost line in a traceback's text; "" if it has none."""
    place = library = ""
    for line in text.split("\n"):
        if line.startswith('  File "'):
            file, _, rest = line[8:].rpartition('", line ')
            number = rest.partition(",")[0]
            if guard.is_ours_or_stdlib(file):
                continue
            if guard.PACKAGES in file:
                library = f"{file}:{number}"
            else:
                place = f"{file}:{number}"
    return place or library


def result_failed(
    result: Any, owner: str, job: int, error: BaseException, watched: bool
) -> None:
    """In the parent: a failed result has come. `result` is what the program looks at."""
    here = process.here
    tell, number = is_told(layout.EV_FAILED_RESULT)
    if here is not None and tell and owner:
        cause = error.__cause__
        here.event(
            layout.EV_FAILED_RESULT,
            owner=owner,
            job=job,
            number=number,
            **said_of(error),
            watched=watched,
            where=place_of(str(cause)) if cause is not None else "",
        )
        result.__dict__["_mpdebug_failed"] = (owner, job)


def looked_at(result: Any) -> None:
    """Somebody sees that this job failed; told once."""
    known = result.__dict__.pop("_mpdebug_failed", None)
    if known is not None and process.here is not None:
        process.here.event(layout.EV_LOOKED, owner=known[0], job=known[1])


def handler_died(owner: str, what: str, error: BaseException) -> None:
    """A thread on which a Pool depends ends by an exception."""
    here = process.here
    if here is not None and owner:
        text = exceptions.describe(error)["text"][-TEXT_ROOM:]
        here.event(layout.EV_HANDLER_DIED, owner=owner, what=what, **said_of(error), text=text)


def initializer_failed(owner: str, error: BaseException) -> None:
    """In a worker: it could not be made ready for tasks."""
    here = process.here
    if here is not None:
        text = exceptions.describe(error)["text"][-TEXT_ROOM:]
        here.event(
            layout.EV_HANDLER_DIED,
            owner=owner,
            what=layout.INITIALIZER,
            **said_of(error),
            where=place_of(text),
            text=text,
        )


def broke(owner: str, cause: Any) -> None:
    """An executor gives up: a worker died, or (`cause`, lines) a result could not be read."""
    here = process.here
    if here is None or not owner:
        return
    text = "".join(cause) if isinstance(cause, list) else str(cause or "")
    text = text.strip("\n")[-TEXT_ROOM:]
    kind, colon, message = text.rpartition("\n")[2].partition(": ")
    here.event(
        layout.EV_HANDLER_DIED,
        owner=owner,
        what="broken",
        type=kind if colon else "",
        message=message[:MESSAGE_ROOM],
        text=text,
    )
