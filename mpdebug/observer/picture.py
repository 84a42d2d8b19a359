"""Who waits for what at one moment: two looks at every thread of every process of a run.

    look ─▶ whom and what each waits for ─▶ who has that ─▶ look again

A thread that stands in the same call after all has been read, and was not woken in between,
has waited all the while: what was read is true of one moment. Nothing is sent to a process
but for its Python stack, which is asked for last, because the answer wakes it.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mpdebug.model_waits import Picture
from mpdebug.observer import blocked, file_locks, lock_notes, threads, unobserved
from mpdebug.observer.holds import Holds, current
from mpdebug.observer.sockets import unix_sockets
from mpdebug.observer.things import Things
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from mpdebug.model import Process, Run
    from mpdebug.model_waits import Hold, Thing, Wait
    from mpdebug.observer.threads import Seen

SETTLE = 0.15
"""Seconds between the two looks, at least."""

ANSWER = 100_000_000
"""ns within which a thread sleeps again that told its stack."""

REFUSED = "not permitted to look at its threads"
UNTOLD = "this system does not tell the system calls of threads"
NEW = "it has just been started"


def take(run: Run, *, stacks: bool = False, settle: float = SETTLE) -> Picture:
    """Who waits for what now.

    Args:
        run: as just read; members of it that nobody told of are looked for here.
        stacks: also ask the processes for their Python stacks.
        settle: seconds between the two looks.
    """
    if run.alive:
        run = unobserved.add_to(run, [], now=time.monotonic_ns(), scan=True)
    look = _Look(run)
    begin = time.monotonic()
    look.first()
    things = look.things()
    time.sleep(max(begin + settle - time.monotonic(), 0))
    waits, still = look.second()
    notes, named = lock_notes.read(run)
    picture = Picture(
        run=run,
        mono=time.monotonic_ns(),
        waits=waits,
        things={**named, **things},
        holds=look.holds,
        still=still,
        unread=tuple(look.unread.items()),
        lock_notes=notes,
    )
    if stacks:
        from mpdebug.observer.wait_stacks import with_stacks  # noqa: PLC0415 - only on request

        return with_stacks(picture, look.seen)
    return picture


class _Look:
    """The two looks at one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.members = [one for one in run.processes if one.alive and _is_there(one)]
        self.unread: dict[str, str] = {}
        self.seen: dict[str, dict[int, Seen]] = {}
        self.waits: dict[str, list[Wait]] = {}
        self.holds: tuple[Hold, ...] = ()
        self.around = blocked.Around()

    def first(self) -> None:
        """What all threads wait for."""
        for one in self.members:
            self.seen[one.key] = self._threads(one)
        self.around.unix = unix_sockets()
        self.around.children = self._children()
        self.blocked = {one.key: blocked.Blocked(one, self.around) for one in self.members}
        for key, looker in self.blocked.items():
            self.waits[key] = looker.waits(self.seen[key])

    def _threads(self, one: Process) -> dict[int, Seen]:
        try:
            found = threads.look(one.pid)
        except PermissionError:
            self.unread[one.key] = REFUSED
            return {}
        if not found and layout.is_alive(one.pid, one.start or layout.start_of(one.pid) or 0):
            self.unread[one.key] = UNTOLD
        return found

    def _children(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for pid, parent in unobserved.parents().items():
            found.setdefault(parent, []).append(pid)
        return found

    def things(self) -> dict[str, Thing]:
        """What they wait for, and what is held."""
        found = Things(self.run, self.blocked, self.around)
        all_holds = Holds(self.run, found).read()
        ids = {one for waits in self.waits.values() for wait in waits for one in wait.things}
        if files := self.around.files:
            keys = {one.pid: one.key for one in self.members}
            self.around.locked = file_locks.locked_by(keys)
            all_holds += file_locks.holds(files, keys, self.around.locked)
        things = found.of(ids | {one.thing for one in all_holds})
        self.holds = current(all_holds, things, self.run)
        self.unread |= found.unread
        return things

    def second(self) -> tuple[tuple[Wait, ...], frozenset[tuple[str, int]]]:
        """All waits, and which threads have not moved since the first look."""
        clock = threads.Clock()
        found: list[Wait] = []
        still = set()
        for one in self.members:
            now = self._threads(one)
            before = self.seen[one.key]
            told = _last_stack(one)
            for wait in self.waits[one.key]:
                if before[wait.tid].is_still(now.get(wait.tid)):
                    still.add((one.key, wait.tid))
                    since = clock.since(one.pid, wait.tid)
                    asked = bool(since) and abs(since - told) < ANSWER
                    found.append(replace(wait, since=since, asked=asked))
            moved = [tid for tid in now if (one.key, tid) not in still]
            found += self.blocked[one.key].waits(now, moved)
            self.seen[one.key] = now
        self._look_for_new()
        return tuple(found), frozenset(still)

    def _look_for_new(self) -> None:
        """Processes that were started meanwhile might have anything."""
        if not self.run.alive:
            return
        known = {one.pid for one in self.run.processes} | {os.getpid()}
        tree = {one.pid for one in self.members} | {self.run.supervisor} - {0}
        parents = unobserved.parents()
        for pid in parents.keys() - known - tree:
            start = layout.start_of(pid)
            if start is not None and tree & above(pid, parents) and layout.is_alive(pid, start):
                self.unread[f"pid:{pid}"] = NEW


def above(pid: int, parents: dict[int, int]) -> set[int]:
    """The parent of a process, its parent, and so on."""
    found: set[int] = set()
    while (pid := parents.get(pid, 0)) and pid not in found:
        found.add(pid)
    return found


def _last_stack(one: Process) -> int:
    """When a process told its stacks last, mono in ns; 0: never, or not known."""
    try:
        written = os.stat(os.path.join(one.folder, layout.FAULTS)) if one.folder else None
    except OSError:
        return 0
    if written is None or not written.st_size:
        return 0
    return time.monotonic_ns() - (time.time_ns() - written.st_mtime_ns)


def _is_there(one: Process) -> bool:
    """Whether the pid is still that process's."""
    start = layout.start_of(one.pid)
    return start is not None and one.start in (0, start)


def of_past(run: Run) -> Picture:
    """A run that has ended: nobody waits any more; what was written down is all there is."""
    notes, named = lock_notes.read(run)
    return Picture(run=run, mono=time.monotonic_ns(), things=named, lock_notes=notes)
