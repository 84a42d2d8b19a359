"""The wait-for graph: who waits for whom, and who waits in a circle.

    waiter ── waits for ──▶ thing ── can be given by ──▶ holder

A lock can be given by who holds it, as the processes recorded it. Where nobody recorded a
holder, and for all other things, only those are told who have the thing: that is no edge, since
any of them may give it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mpdebug.model_waits import FILE_LOCK, POLL, READ, SEMAPHORE

if TYPE_CHECKING:
    from mpdebug.model import Process
    from mpdebug.model_waits import Hold, Picture, Thing, Wait

Node = tuple[str, int]
"""(key, tid) of a thread; tid 0: the process, whichever thread it is."""

HELD, TAKING = "held", "taking"
LOCKS = (SEMAPHORE, FILE_LOCK)
ANSWER = (READ, POLL)
MUTEXES = frozenset(("Lock", "RLock", "proxy"))


@dataclass(frozen=True, slots=True)
class Edge:
    """One who waits, and who could end it."""

    wait: Wait
    thing: Thing
    to: str  # key of the process
    tid: int = 0  # its thread, where it is one that holds the thing
    hold: Hold | None = None  # None: it waits for the end of that process


class Graph:
    """Who waits for whom in a picture."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.processes = {one.key: one for one in picture.run.processes}
        self._waits: defaultdict[str, list[Wait]] = defaultdict(list)
        self._waiters: defaultdict[str, list[Wait]] = defaultdict(list)
        self._holds: defaultdict[str, list[Hold]] = defaultdict(list)
        for wait in picture.waits:
            self._waits[wait.process].append(wait)
            for name in wait.things:
                self._waiters[name].append(wait)
        self._taking: defaultdict[Node, list[str]] = defaultdict(list)
        for hold in picture.holds:
            self._holds[hold.thing].append(hold)
            if hold.state == TAKING and hold.thing.startswith("proxy:"):
                self._taking[hold.process, hold.tid].append(hold.thing)

    def thing(self, name: str) -> Thing | None:
        """The thing with this id."""
        return self.picture.things.get(name)

    def process(self, key: str) -> Process | None:
        """The process with this key."""
        return self.processes.get(key)

    def waits_of(self, key: str) -> list[Wait]:
        """What the threads of a process wait for, its main thread first."""
        return sorted(self._waits.get(key, ()), key=lambda one: not one.main)

    def wait_of(self, key: str, tid: int = 0) -> Wait | None:
        """What one thread of a process waits for; 0: its main thread."""
        return next(
            (one for one in self._waits.get(key, ()) if (one.tid == tid if tid else one.main)),
            None,
        )

    def waiters_of(self, name: str) -> list[Wait]:
        """Who waits for a thing, who has waited longest first."""
        return sorted(self._waiters.get(name, ()), key=lambda one: one.since)

    def holders_of(self, name: str) -> list[Hold]:
        """Who holds a thing, or may hold it; who is certain comes first, then the oldest."""
        holds = self._holds.get(name, ())
        return sorted(holds, key=lambda one: (one.state != HELD, one.since))

    def holder_of(self, name: str) -> Hold | None:
        """Who holds a lock, where that is certain."""
        holds = self.holders_of(name)
        return holds[0] if holds and holds[0].state == HELD else None

    def holds_of(self, key: str) -> list[Hold]:
        """What a process holds, the oldest first."""
        found = [one for one in self.picture.holds if one.process == key]
        return sorted(found, key=lambda one: one.since)

    def is_dead(self, key: str) -> bool:
        """Whether a process has ended."""
        one = self.processes.get(key)
        return one is None or not one.alive

    def edges_of(self, wait: Wait) -> list[Edge]:
        """Whom a thread waits for: who holds the lock, or the process whose end it awaits.

        Who takes a lock of a manager waits, for the kernel, for an answer of the manager's.
        """
        found = []
        taking = self._taking.get((wait.process, wait.tid), ()) if wait.kind in ANSWER else ()
        for thing in filter(None, map(self.thing, taking or wait.things)):
            if wait.kind in LOCKS or taking:
                holds = [one for one in self._holds.get(thing.id, ()) if one.state == HELD]
                found += [Edge(wait, thing, one.process, one.tid, one) for one in holds]
            elif thing.kind == "process":
                found += [Edge(wait, thing, key) for key in thing.users]
            elif thing.ends:
                found.append(Edge(wait, thing, thing.ends))
        return found

    def on_the_dead(self) -> list[Edge]:
        """Who waits for a lock that a process holds which has ended."""
        edges = (edge for wait in self.picture.waits for edge in self.edges_of(wait))
        return [edge for edge in edges if edge.hold is not None and self.is_dead(edge.to)]

    def cycles(self) -> list[tuple[Edge, ...]]:
        """Circles of threads that wait for each other; one that waits for itself is one too.

        Each begins with the edge of who has waited longest in it. A thread waits for one lock
        at a time, and a lock has one holder, so there are no circles within circles. Of a
        semaphore that several hold, any may give it: who waits for it is in no circle.

        A circle is no proof: anybody may release a Lock, and a signal or a time-out of the
        other side may end a wait. `Known.certainty_of_circle` says how certain it is.
        """
        step = self._steps()
        found: list[tuple[Edge, ...]] = []
        done: set[Node] = set()
        for begin in step:
            path: dict[Node, Edge] = {}
            at: Node = begin
            while at in step and at not in path and at not in done:
                path[at] = step[at]
                at = self._waiting_end(step[at])
            if at in path:
                nodes = list(path)
                circle = [path[node] for node in nodes[nodes.index(at) :]]
                first = min(range(len(circle)), key=lambda i: circle[i].wait.since)
                found.append((*circle[first:], *circle[:first]))
            done |= path.keys()
        return sorted(found, key=lambda circle: circle[0].wait.since)

    def _steps(self) -> dict[Node, Edge]:
        """The one edge of each thread that waits for one other."""
        found = {}
        for wait in self.picture.waits:
            if (wait.process, wait.tid) not in self.picture.still:
                continue  # it moved since it was read who holds what
            edges = [one for one in self.edges_of(wait) if self._is_whose(one)]
            if len(edges) == 1 and len(wait.things) == 1 and not self.is_dead(edges[0].to):
                found[wait.process, wait.tid] = edges[0]
        return found

    def _is_whose(self, edge: Edge) -> bool:
        """Whether it is known which thread holds the thing; of a file only the process is."""
        return edge.hold is None or bool(edge.tid) or len(self._waits.get(edge.to, ())) == 1

    def _waiting_end(self, edge: Edge) -> Node:
        """The thread that an edge leads to: who holds the lock, or the child's main thread."""
        if edge.tid:
            return edge.to, edge.tid
        main = self.wait_of(edge.to)
        return edge.to, main.tid if main is not None else 0
