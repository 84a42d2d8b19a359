"""Which threads can never wake: the proof that a program, or a part of it, is dead.

A thread is dead if it waits without a time limit for what only dead threads could do. So all
that wait like that are taken to be dead, and whoever some other thread could wake is taken
out again, until nobody is left who could be woken: the largest set that is closed.

What does not work: to count only holders of locks. Anybody may release a semaphore who has it,
and a process that ends closes its pipes, so each that has a thing can wake who waits for it.

What remains open: a process outside of the program may send a signal, which ends or wakes
anything; that is no part of the program. One of the program's own processes that still runs
may kill another: it is taken into account for the parents of a process, who do that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mpdebug.model_waits import ENDLESS, FILE_LOCK, SEMAPHORE, SERVES, THREAD, WRITE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Process, Run
    from mpdebug.model_waits import Picture, Thing, Wait

FORKSERVER = "forkserver"
SPAWNED = ("spawn", FORKSERVER)
SERVANTS = frozenset((FORKSERVER, "resource tracker"))
"""Roles of processes that run nothing of the program's."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is certain."""

    dead: frozenset[tuple[str, int]] = frozenset()
    """(key, tid) of each thread that can never wake."""
    whole: bool = False  # all threads of the program are

    def has(self, wait: Wait) -> bool:
        """Whether the thread that waits so is dead."""
        return (wait.process, wait.tid) in self.dead


def prove(picture: Picture, *, signals: bool = True) -> Proof:
    """Which threads can never wake.

    Args:
        picture: two looks that were taken one after the other.
        signals: a program that handles a signal may be waiting for it. False: as if none
            ever came, so what is proved is true until one does.
    """
    closure = _Closure(picture, signals=signals)
    closure.close()
    dead = closure.dead
    if closure.awake:  # a servant is well as long as anybody is who may ask it
        dead = [one for one in dead if one.kind != SERVES]
    roles = {one.key: one.role for one in picture.run.processes}
    found = frozenset((one.process, one.tid) for one in dead)
    whole = (
        len(dead) == len(picture.waits)
        and not picture.unread
        and any(roles.get(one.process) not in SERVANTS for one in dead)
    )
    return Proof(found, whole)


class _Closure:
    """The threads that are not known to wake, which become fewer and fewer."""

    def __init__(self, picture: Picture, *, signals: bool) -> None:
        self.things = picture.things
        self.parents = {one.key: one.parent for one in picture.run.processes}
        self.unread = bool(picture.unread)
        self.members = {one.process for one in picture.waits}
        self.forked = _forked(picture.run)
        self.coming = {
            one.key for one in picture.run.processes if one.alive and _is_on_its_way(one)
        }
        """Children that may open a semaphore only now, as they get what they were given."""
        self.dead: list[Wait] = []
        awake: list[Wait] = []
        for one in picture.waits:
            still = one.kind == SERVES or (one.process, one.tid) in picture.still
            waits = one.kind in ENDLESS and still and not (signals and one.by_signal)
            (self.dead if waits else awake).append(one)
        self.awake = {one.process for one in awake}
        """Processes with a thread that may do something."""

    def close(self) -> None:
        """Take out who could be woken, and whom they could wake, and so on."""
        woken = [one for one in self.dead if self.could_wake(one)]
        while woken:
            out = {(one.process, one.tid) for one in woken}
            self.awake |= {one.process for one in woken}
            self.dead = [one for one in self.dead if (one.process, one.tid) not in out]
            woken = [one for one in self.dead if self.could_wake(one)]

    def could_wake(self, wait: Wait) -> bool:
        """Whether anybody who is not dead could end this wait."""
        if wait.kind == THREAD:
            return wait.process in self.awake
        if self.unread:
            return True  # who was not looked at may have anything
        if wait.kind == SERVES:
            # A forkserver does nothing for those who live but tell the end of its children.
            among = self.forked.get(wait.process)
            return bool(self.awake if among is None else self.awake & among)
        if not wait.things:
            return True
        return any(self._thing(wait, one) for one in wait.things)

    def _thing(self, wait: Wait, name: str) -> bool:
        """Whether something may happen to a thing that ends the wait for it."""
        thing = self.things.get(name)
        if thing is None:
            return True
        if wait.kind == SEMAPHORE and self.coming & self.awake:
            return True
        if wait.kind in (SEMAPHORE, FILE_LOCK):
            return thing.value > 0 or self._any_acts(thing.users)
        return self._any_ends(wait, self._enders(wait, thing))

    def _enders(self, wait: Wait, thing: Thing) -> tuple[str, ...]:
        """Who could do what is waited for; empty: that is not known."""
        if thing.kind == "process":
            return thing.users
        if thing.kind == "socket":
            other = self.things.get(thing.peer)
            return other.users if other is not None else ()
        to_write = wait.kind == WRITE or thing.id in wait.to_write
        return thing.readers if to_write else thing.writers

    def _any_acts(self, people: Iterable[str]) -> bool:
        """Whether one of them may do something; nobody at all: then something is not known."""
        people = tuple(people)
        return not people or any(one in self.awake or one not in self.members for one in people)

    def _any_ends(self, wait: Wait, people: Iterable[str]) -> bool:
        """Whether one of them may do something, or may be ended by who is above it.

        When a process ends, those wake who wait for it or for the other ends of its pipes.
        """
        people = tuple(people)
        return self._any_acts(people) or any(
            self._is_below_awake(one) for one in people if one != wait.process
        )

    def _is_below_awake(self, key: str) -> bool:
        seen = set()
        while (key := self.parents.get(key, "")) and key not in seen:
            if key in self.awake:
                return True
            seen.add(key)
        return False


def _is_on_its_way(one: Process) -> bool:
    """Whether a child has not come to its target yet, as while it imports the main module.

    Its arguments are unpickled behind that, and the semaphores among them opened by name: who
    has them mapped says nothing of it.
    """
    return one.method in SPAWNED and one.observed and not one.named


def _forked(run: Run) -> dict[str, set[str]]:
    """The children of each forkserver, by its key."""
    servers = {one.pid: one.key for one in run.processes if one.role == FORKSERVER}
    found: dict[str, set[str]] = {key: set() for key in servers.values()}
    for one in run.processes:
        if one.ppid in servers:
            found[servers[one.ppid]].add(one.key)
    return found
