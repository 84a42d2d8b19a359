"""Made-up pictures of waits, for the tests of what is concluded from them.

    picture(
        child("A"), child("B"),
        lock("x", "A", "B", by="A"), lock("y", "A", "B", by="B"),
        waits("A", "x", SEMAPHORE), waits("B", "y", SEMAPHORE),
    )

A process is named by a letter, and its main thread has the tid of its pid. Main is "M".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mpdebug.model import Process, Run
from mpdebug.model_waits import ENDLESS, Hold, Picture, Thing, Wait

if TYPE_CHECKING:
    from collections.abc import Iterable


def pid_of(key: str) -> int:
    """A pid for each name."""
    return 1000 + sum(ord(letter) << 8 * at for at, letter in enumerate(key))


def process(key: str, parent: str = "", role: str = "main", **more: Any) -> Process:
    """One that lives."""
    pid, ppid = pid_of(key), pid_of(parent) if parent else 0
    said: dict[str, Any] = {"alive": True, "ppid": ppid, **more}
    return Process(key, pid, 0, said.pop("ppid"), key, role, parent=parent, **said)


def child(key: str, parent: str = "M", role: str = "worker", **more: Any) -> Process:
    """A process that another started."""
    return process(key, parent, role, **more)


def thing(name: str, *users: str, kind: str = "Lock", value: int = 0, **more: Any) -> Thing:
    """Something that these have."""
    return Thing(name, kind, value=value, users=users, **more)


def pipe(name: str, readers: str = "", writers: str = "") -> Thing:
    """A pipe; who has its ends, a letter each, or words with spaces between."""
    ends = [
        tuple(end.split() if " " in end or ":" in end else end) for end in (readers, writers)
    ]
    people = tuple(dict.fromkeys((*ends[0], *ends[1])))
    return Thing(name, "pipe", users=people, readers=ends[0], writers=ends[1])


def ended(key: str) -> Thing:
    """The end of a process."""
    return Thing(f"pid:{pid_of(key)}", "process", users=(key,))


def holds(key: str, name: str, tid: int = 0, state: str = "held", since: int = 1) -> Hold:
    """Who has it."""
    return Hold(key, name, tid or pid_of(key), state, since=since)


def waits(key: str, names: str, kind: str, tid: int = 0, **more: Any) -> Wait:
    """What a thread waits for: names with spaces between; tid 0: its main thread."""
    return Wait(key, tid or pid_of(key), not tid, kind, tuple(names.split()), **more)


def joins(key: str, other: str, **more: Any) -> Wait:
    """A thread waits for the end of a process."""
    return waits(key, f"pid:{pid_of(other)}", "child", **more)


def does(key: str, kind: str, tid: int = 0, **more: Any) -> Wait:
    """A thread that runs, sleeps, serves or waits for the world."""
    return waits(key, "", kind, tid, **more)


def picture(*facts: object, moves: Iterable[Wait] = (), **more: Any) -> Picture:
    """The picture; the main process is there without being told.

    Args:
        facts: processes, things, holds and waits, in any order.
        moves: threads that ran between the two looks.
        more: other fields of the picture.
    """
    processes = [one for one in facts if isinstance(one, Process)]
    if not any(one.key == "M" for one in processes):
        processes.insert(0, process("M"))
    found = [one for one in facts if isinstance(one, Wait)]
    things = {one.id: one for one in facts if isinstance(one, Thing)}
    for wait in found:
        for name in wait.things:
            if name.startswith("pid:") and name not in things:
                keys = [one.key for one in processes if f"pid:{one.pid}" == name and one.alive]
                things[name] = Thing(name, "process", users=tuple(keys))
    still = {(one.process, one.tid) for one in found if one.kind in ENDLESS}
    still -= {(one.process, one.tid) for one in moves}
    run = Run("", "", (), 0.0, alive=True, processes=tuple(processes))
    return replace(
        Picture(
            run=run,
            mono=1_000,
            waits=tuple(found),
            things=things,
            holds=tuple(one for one in facts if isinstance(one, Hold)),
            still=frozenset(still),
        ),
        **more,
    )
