"""A picture of who waits for what, with the words for it: what every trouble is found with."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis import names, places, steps
from mpdebug.diagnosis.deaths import explain
from mpdebug.diagnosis.graph import Graph
from mpdebug.diagnosis.jobs import ledger
from mpdebug.diagnosis.proof import prove
from mpdebug.diagnosis.relations import EXECUTOR_WORKER, POOL_WORKER, Relations
from mpdebug.diagnosis.stops import fold_names
from mpdebug.model_waits import PROVED, RUNS, SUSPECTED, TIMED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mpdebug.diagnosis.graph import Edge
    from mpdebug.model import Frame, Note, Process
    from mpdebug.model_waits import Hold, Picture, Wait

ITSELF = ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Pipe")
"""What is a thing by itself, and not a part of something larger."""

SYNC = frozenset(("synchronize.py", "connection.py"))
"""Where the innermost steps of waiting are; what the program called is further out."""

NOT_OWNED = "not owned"  # rundir.layout.EV_NOT_OWNED

FEW = 4
SOURCE = 70  # of a line of source
SECOND = 1_000_000_000


class Known:
    """All that is known of a run at one moment.

    Args:
        picture: who waits for what. Of a run that has ended: with no waits in it.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.run = picture.run
        self.people = Relations(picture.run)
        self.deaths = {death.process.key: death for death in explain(picture.run)}
        self.book = ledger(picture.run)  # what became of jobs and items
        self.proof = prove(picture)
        self.graph = Graph(picture)
        self.waits: defaultdict[str, list[Wait]] = defaultdict(list)  # by process
        for wait in picture.waits:
            self.waits[wait.process].append(wait)
        self._made: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for thing in picture.things.values():
            if thing.label is not None:
                self._made[thing.label.where, thing.label.call].add(thing.label.mono)

    # Processes.

    def process(self, key: str) -> Process | None:
        """The process of that key."""
        return self.people.by_key.get(key)

    def who(self, key: str) -> str:
        """`waiter (pid 12)`."""
        return self.people.label(key)

    def name(self, key: str) -> str:
        """`waiter`."""
        one = self.process(key)
        return one.name if one else key

    def whos(self, keys: Iterable[str]) -> str:
        """`waiter (pid 12)`, or `Worker-1..8` where they are many."""
        every = list(dict.fromkeys(keys))
        if len(every) <= FEW:
            return " and ".join(
                filter(None, [", ".join(map(self.who, every[:-1])), *map(self.who, every[-1:])])
            )
        return f"{len(every)} processes ({fold_names(map(self.name, every))})"

    def is_alive(self, key: str) -> bool:
        """Whether that process lives."""
        one = self.process(key)
        return one is not None and one.alive

    def is_worker(self, key: str) -> bool:
        """Whether it is a worker of a Pool or an executor."""
        one = self.process(key)
        return one is not None and one.role in (POOL_WORKER, EXECUTOR_WORKER)

    def fate(self, key: str) -> str:
        """How a process ended: `killed by SIGKILL 2.1 s ago`; empty while it lives."""
        one = self.process(key)
        if one is None or one.alive:
            return ""
        death = self.deaths.get(key)
        said = death.cause if death else "ended"
        if death and death.kind in ("exception", "startup"):
            said = f"died of {death.cause}"
        elif not death and one.ended is not None and one.ended.status is not None:
            said = f"ended with status {one.ended.status}"
        when = one.ended.mono if one.ended else one.goodbye.mono if one.goodbye else 0
        return f"{said}{self.ago(when)}"

    def notes(self, kind: str) -> list[tuple[Process, Note]]:
        """All notes of a kind, with who wrote them, in the order of time."""
        found = [
            (one, note) for one in self.run.processes for note in one.notes if note.kind == kind
        ]
        return sorted(found, key=lambda pair: pair[1].mono)

    def main_wait(self, key: str) -> Wait | None:
        """What the main thread of a process waits for."""
        return next((wait for wait in self.waits.get(key, ()) if wait.main), None)

    def siblings(self, key: str) -> list[Process]:
        """The other processes that the same one started, and those that this one started."""
        one = self.process(key)
        if one is None:
            return []
        return [
            other
            for other in self.run.processes
            if other is not one
            and (other.parent == key or (one.parent and other.parent == one.parent))
        ]

    # Times and places.

    def ago(self, mono: int) -> str:
        """` 2.1 s ago`; empty where the time is not known, or the run is over."""
        if not mono or not self.run.alive or mono > self.picture.mono:
            return ""
        return f" {(self.picture.mono - mono) / SECOND:.1f} s ago"

    def lasting(self, wait: Wait) -> str:
        """`, for 2.1 s`; empty where the time is not known."""
        if not wait.since or wait.since > self.picture.mono:
            return ""
        least = "at least " if wait.asked else ""
        return f", for {least}{(self.picture.mono - wait.since) / SECOND:.1f} s"

    def place(self, where: str) -> str:
        """`app.py:9`."""
        return places.short_place(where, self.run.cwd) if where else ""

    def frame(self, wait: Wait) -> Frame | None:
        """The program's line at which a thread waits; None where no stack was asked for."""
        own = [one for one in places.after_fork(wait.frames) if not places.is_library(one)]
        return own[-1] if own else None

    def call(self, wait: Wait) -> str:
        """What of the library the program called there: `Queue.get`, `Pool.map`."""
        shown = steps.steps(wait.frames)
        own = [at for at, one in enumerate(shown) if one.own]
        below = shown[own[-1] + 1 :] if own else shown[-1:]
        return below[0].label if below else ""

    def calls(self, wait: Wait) -> list[str]:
        """The functions of the library in which a thread is, outermost first."""
        frames = list(places.after_fork(wait.frames))
        own = [at for at, one in enumerate(frames) if not places.is_library(one)]
        return [one.function for one in frames[(own[-1] + 1 if own else 0) :]]

    def at(self, wait: Wait) -> str:
        """`app.py:7 in work`; empty where it is not known."""
        frame = self.frame(wait)
        return places.frame_place(frame, self.run.cwd) if frame else ""

    def line(self, wait: Wait) -> str:
        """`waiter (pid 12) in Queue.get at app.py:7 in work: q.get(), for 2.0 s`."""
        thread = "" if wait.main else f" (thread {wait.thread or wait.tid})"
        return f"{self.who(wait.process)}{thread}{self._does(wait)}{self.lasting(wait)}"

    def lines(self, waits: Iterable[Wait]) -> list[tuple[str, str]]:
        """Rows of evidence, ("waits", text): those that wait alike are one, FEW at most."""
        alike: dict[str, list[Wait]] = {}
        for wait in waits:
            alike.setdefault(self._does(wait), []).append(wait)
        rows = []
        for does, group in list(alike.items())[:FEW]:
            first = min(group, key=lambda one: one.since)
            if len({one.process for one in group}) > 1:
                who = self.whos(one.process for one in group)
                rows.append(("waits", f"{who}{does}{self.lasting(first)}"))
            else:
                rows.append(("waits", self.line(first)))
        if len(alike) > FEW:
            rows.append(("also", f"{sum(map(len, list(alike.values())[FEW:]))} more"))
        return rows

    def _does(self, wait: Wait) -> str:
        """What a thread does, and where, as it stands behind its name."""
        if idle := steps.idle(wait.frames):
            return f", {idle}"
        frame = self.frame(wait)
        source = bounded(frame.source) if frame else ""
        at = f" at {self.at(wait)}{f': {source}' if source else ''}" if frame else ""
        call = self.call(wait)
        into = f" in {call}" if call else f" ({wait.words})" if wait.words and not at else ""
        return f"{into}{at}"

    # Things.

    def thing(self, ident: str) -> str:
        """`Lock "lk" (made at app.py:9)`, `the read lock of Queue "q" (…)`; for people."""
        thing = self.picture.things.get(ident)
        if ident.startswith("proxy:"):
            return "a lock of a manager"
        if ident.startswith("file:"):
            return f"the lock of {self.place(thing.part) if thing else ''}"
        if thing is None or thing.label is None:
            kind = thing.kind if thing else ident.partition(":")[0]
            return {"sem": "a lock of multiprocessing", "pipe": "a pipe"}.get(kind, f"a {kind}")
        label = thing.label
        where = self.place(label.where)
        made = f" (made at {where})" if where else ""
        name = self.variable(ident)
        called = f' "{name}"' if name else ""
        owner = label.call or label.lock or thing.kind
        if owner.rpartition(".")[2] in ITSELF:
            return f"{owner}{called}{made}"
        if ident.startswith("sem:"):
            return f"a lock inside {owner}{called}{made}"
        return f"{owner}{called}{made}"

    def is_mutex(self, ident: str) -> bool:
        """Whether it is a lock that who took it releases: no semaphore, and no manager's."""
        thing = self.picture.things.get(ident)
        return ident.startswith("file:") or bool(thing and thing.kind in ("Lock", "RLock"))

    def is_recursive(self, ident: str) -> bool:
        """Whether nobody can release it but the thread that took it."""
        thing = self.picture.things.get(ident)
        return bool(thing and thing.kind == "RLock")

    def made_at(self, ident: str) -> str:
        """`/home/me/app.py:9`; empty where that is not known."""
        thing = self.picture.things.get(ident)
        return thing.label.where if thing and thing.label else ""

    def short(self, ident: str) -> str:
        """`Lock "lk"`: where it was made is told elsewhere."""
        return self.thing(ident).partition(" (made at ")[0]

    def variable(self, ident: str) -> str:
        """The name of the variable that a thing was first assigned to; empty if not plain."""
        thing = self.picture.things.get(ident)
        label = thing.label if thing else None
        if label is None:
            return ""
        source = self.picture.sources.get(label.where, "")
        call = label.call.rpartition(".")[2]
        if not source or not call:
            return ""
        if call not in ITSELF:  # it has several parts, and which is whose is not known
            many = names.variable(source, call, 1)
            return "" if many else names.variable(source, call)
        made = sorted(self._made[label.where, label.call])
        nth = made.index(label.mono)
        if len(made) > 1 and not names.variable(source, call, 1):
            name = names.variable(source, call)  # one name, and a line that ran again
            return f"{name} #{nth + 1}" if name else ""
        return names.variable(source, call, nth)

    def holder(self, ident: str) -> Hold | None:
        """Who has taken a lock, as far as it was recorded."""
        return self.graph.holder_of(ident)

    def taken(self, hold: Hold) -> str:
        """`, taken at app.py:4 in holder 2.8 s ago`; empty where neither is recorded."""
        at = self.place(hold.where)
        inside = f" in {hold.function}" if hold.function not in ("", "<module>") else ""
        said = f"{f' at {at}{inside}' if at else ''}{self.ago(hold.since)}"
        return f", taken{said}" if said else ""

    # Findings.

    def is_dead(self, wait: Wait) -> bool:
        """Whether it is proved that nothing in the program can ever wake this thread."""
        return (wait.process, wait.tid) in self.proof.dead

    def certainty(self, waits: Sequence[Wait]) -> str:
        """PROVED where one of these can never wake."""
        return PROVED if any(map(self.is_dead, waits)) else SUSPECTED

    def certainty_of_circle(self, circle: Sequence[Edge]) -> str:
        """PROVED where nobody in it can ever wake.

        Where others still run, that is known of locks alone, one of which each has taken: those
        are released by who took them. A Lock that one process takes twice may be a signal that
        another is to give, and who is joined may end in many ways.
        """
        waits = [edge.wait for edge in circle]
        if all(map(self.is_dead, waits)):
            return PROVED
        locks = len(circle) > 1 and all(
            edge.hold is not None and self.is_mutex(edge.hold.thing) for edge in circle
        )
        calm = not any(wait.by_timer for wait in waits) and not any(
            other.kind in (RUNS, TIMED) for wait in waits for other in self.waits[wait.process]
        )
        handed = self.notes(NOT_OWNED)  # somebody releases what others have taken
        return PROVED if locks and calm and not handed else SUSPECTED

    def finding(
        self,
        kind: str,
        title: str,
        *,
        certainty: str = PROVED,
        processes: Iterable[str] = (),
        things: Iterable[str] = (),
        evidence: Iterable[tuple[str, str]] = (),
        cure: str = "",
        settle: str = "",
        standing: bool = True,
        mono: int = 0,
    ) -> Finding:
        """A finding; rows of evidence that are empty are left out."""
        return Finding(
            kind=kind,
            certainty=certainty,
            title=title,
            processes=tuple(dict.fromkeys(processes)),
            things=tuple(things),
            evidence=tuple((label, text) for label, text in evidence if text),
            cure=cure,
            settle=settle if certainty == SUSPECTED else "",
            standing=standing,
            mono=mono,
        )


def bounded(source: str) -> str:
    """A line of source without its comment, as much as fits."""
    text = source.partition("  #")[0].rstrip()
    return text if len(text) <= SOURCE else text[: SOURCE - 1] + "…"
