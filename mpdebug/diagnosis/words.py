"""How the findings of the ledger name processes, places, tasks and exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mpdebug.diagnosis import places
from mpdebug.diagnosis.jobs import of, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mpdebug.diagnosis.jobs import Site
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Death, Note, Process

K = TypeVar("K")
T = TypeVar("T")


def grouped(all_of: Iterable[T], key: Callable[[T], K]) -> list[tuple[K, list[T]]]:
    """Things by their key, in the order in which each key came first."""
    groups: dict[K, list[T]] = {}
    for one in all_of:
        groups.setdefault(key(one), []).append(one)
    return list(groups.items())


def who(process: Process) -> str:
    """`ForkPoolWorker-2 (pid 12)`."""
    return f"{process.name} (pid {process.pid})"


def at(place: str, people: Relations, word: str) -> str:
    """` at app.py:9`, or nothing where the place is not known."""
    return f" {word}{places.short_place(place, people.cwd)}" if place else ""


def submitted_by(site: Site, people: Relations) -> str:
    """`Pool.map at app.py:9`."""
    return f"{site.call}{at(site.where, people, 'at ')}" if site.call else ""


def made_at(process: Process, owner: str, people: Relations) -> str:
    """Where a Pool was made; of an executor, where its first job was submitted."""
    for note in of(process, "pool", "submitted"):
        if text(note, "owner") == owner and text(note, "where"):
            word = "made at " if note.kind == "pool" else "used at "
            return at(text(note, "where"), people, word)
    return ""


def raised(note: Note) -> str:
    """`ValueError: cannot do 0`, of a note with type and message."""
    message = places.first_line(text(note, "message"), 100)
    return f"{text(note, 'type')}: {message}" if message else text(note, "type")


def raised_at(note: Note, people: Relations) -> str:
    """The same, and where."""
    return f"{raised(note)}{at(text(note, 'where'), people, 'at ')}"


def task_of(process: Process) -> str:
    """`work(3)`: what the process had in hand."""
    task = process.task
    return f"{task.call}({task.args})" if task is not None else "a task"


def died_of(death: Death) -> str:
    """`was killed by SIGKILL`, `died of ValueError: lost`."""
    if death.cause.startswith("killed"):
        return f"was {death.cause}"
    return f"died of {death.cause}" if death.kind in ("exception", "startup") else death.cause
