"""What the processes of a run wrote about themselves and each other, joined into the model.

A process is known by its folder. What others say about it names only a pid, and pids are used
again, so every such claim is settled by time: a start belongs to the folder of that pid which
began nearest to it and had not ended before, an end to the last folder that had begun by then.
A claim that comes before the folder it speaks of is kept and settled later.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mpdebug.model import Ended, Goodbye, Note, Process, SignalSent, Stop, Task
from mpdebug.observer import syscalls
from mpdebug.observer.copies import is_segment, with_source
from mpdebug.observer.ended import ended, read_goodbye
from mpdebug.observer.facts import as_int, as_seconds, as_text, as_texts
from mpdebug.observer.stops import Past, stop_of
from mpdebug.rundir import layout, state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mpdebug.observer.facts import Facts

STARTS = (layout.EV_STARTED, layout.EV_SPAWNED)
SLACK = 10_000_000
"""ns by which the word about a signal may come after the end that it caused."""

UNREAPED = 2_000_000_000
"""ns for which a process that ended, as far as we know unreaped, keeps its pid."""

ROLES_OF_OWNED = {"pool": layout.POOL_WORKER, "executor": layout.EXECUTOR_WORKER}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a process said about another one."""

    sender: str  # key of who said it
    mono: int
    kind: str
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stranger:
    """A child that somebody started and that has no folder of its own."""

    pid: int
    mono: int
    parent: str
    argv: tuple[str, ...]
    claims: tuple[Claim, ...]
    ended: Ended | None
    signals: tuple[SignalSent, ...]


class Joins:
    """All facts of a run, and the model of each process made of them."""

    def __init__(self) -> None:
        self.facts: dict[str, Facts] = {}
        self.pids: defaultdict[int, list[Facts]] = defaultdict(list)
        self.claims: defaultdict[int, list[Claim]] = defaultdict(list)
        self.submitted: defaultdict[tuple[str, str], list[tuple[int, str, str]]] = defaultdict(
            list
        )
        self.past = Past()
        self.notes: defaultdict[str, list[Note]] = defaultdict(list)
        self.exits: dict[tuple[int, int], Mapping[str, Any]] = {}
        self.exits_of_pid: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)

    def add_process(self, facts: Facts) -> None:
        """A process whose process.json is there."""
        self.facts[facts.key] = facts
        mates = self.pids[facts.pid]
        mates.append(facts)
        mates.sort(key=lambda one: (began(one), one.n))

    def add_events(self, key: str, events: Iterable[Mapping[str, Any]]) -> set[int]:
        """What this process said; returns the pids that it spoke about."""
        about: set[int] = set()
        for event in events:
            kind = as_text(event.get("kind"))
            if kind == layout.EV_SUBMITTED:
                owner = as_text(event.get("owner"))
                row = as_int(event.get("first")), as_text(event.get("call"))
                insort(self.submitted[key, owner], (*row, as_text(event.get("where"))))
                self.notes[key].append(Note(kind, as_int(event.get("mono")), dict(event)))
                about.add(0)
                continue
            if kind in layout.NOTES or is_segment(event):
                said = with_source(dict(event))
                self.notes[key].append(Note(kind, as_int(event.get("mono")), said))
                about.add((layout.parse_folder_name(key) or (0,))[0])
                continue
            if self.past.add(key, event):
                about.add((layout.parse_folder_name(key) or (0,))[0])
                continue
            for pid in spoken_of(event):
                self.claims[pid].append(Claim(key, as_int(event.get("mono")), kind, event))
                about.add(pid)
        return about

    def add_exit(self, row: Mapping[str, Any]) -> int:
        """A line of exits.jsonl; returns the pid that it is about."""
        pid = as_int(row.get("pid"))
        if pid:
            self.exits.setdefault((pid, as_int(row.get("start"))), row)
            self.exits_of_pid[pid].append(row)
        return pid

    def process(self, facts: Facts, *, alive: bool) -> Process:
        """The model of one process.

        Args:
            facts: what it wrote.
            alive: whether that very process is there now; not asked where its end is known.
        """
        who = facts.who
        starts = self._starts_of(facts)
        told = next((one.event for one in starts if one.kind == layout.EV_STARTED), {})
        parent = starts[0].sender if starts else self._by_ppid(facts)
        owned = self._owned(facts)
        goodbye = read_goodbye(facts.goodbye)
        ended = self.end_of(facts, goodbye, alive=alive)
        role = as_text(who.get("role"))
        if role == layout.WORKER and owned:
            kind = as_text(owned.event.get("owner")).partition(":")[0]
            role = ROLES_OF_OWNED.get(kind, role)
        named = bool(who.get("named"))
        name = as_text(who.get("name"))
        lives = alive and ended is None
        return Process(
            key=facts.key,
            pid=facts.pid,
            start=facts.start,
            ppid=as_int(who.get("ppid")),
            name=name if named else as_text(told.get("name")) or name,
            role=role,
            method=as_text(who.get("method")) or as_text(told.get("method")),
            target=as_text(who.get("target")) or as_text(told.get("target")),
            argv=as_texts(who.get("argv")),
            executable=as_text(who.get("executable")),
            python=as_text(who.get("python")),
            started_at=as_seconds(who.get("started")),
            mono=began(facts),
            alive=lives,
            parent=parent,
            named=named,
            task=self._task(facts, owned.sender if owned else parent, owned),
            goodbye=goodbye,
            ended=ended,
            signals=self._signals(facts, [one.mono for one in starts], ended),
            started_where=as_text(told.get("where")),
            sentinel=as_int(told.get("sentinel")),
            prints_relayed=bool(who.get("prints_relayed")),
            faults=facts.faults,
            faults_by=as_text(who.get("faults")),
            last_records=facts.records,
            folder=facts.path,
            stops=self._stops(facts, as_text(who.get("name"))) if lives else (),
            stood=self.past.stood(facts.key),
            timeouts=self.past.timeouts(facts.key),
            notes=tuple(self.notes.get(facts.key, ())),
            unsaid=facts.unsaid,
        )

    def _stops(self, facts: Facts, name: str) -> tuple[Stop, ...]:
        return tuple(
            stop_of(facts.path, number, said, name=name)
            for number, said in facts.stops.items()
            if not self.past.is_over(facts.key, number)  # its file goes a moment later
        )

    def is_known_to_have_ended(self, facts: Facts) -> bool:
        """Whether somebody saw this very process end, or it became another by exec."""
        return (
            (facts.pid, facts.start) in self.exits
            or self._next_exec(facts) is not None
            or self._reaped(facts) is not None
        )

    def end_of(self, facts: Facts, goodbye: Goodbye | None, *, alive: bool) -> Ended | None:
        """How a process ended; None while it is there."""
        following = self._next_exec(facts)
        if following is not None:
            return Ended(mono=began(following), status=None, seen_by="exec")
        row = self.exits.get((facts.pid, facts.start))
        claim = self._reaped(facts)
        if row is None and claim is None:
            if alive:
                return None
            last = facts.records[-1].get("mono") if facts.records else None
            when = goodbye.mono if goodbye else as_int(last) or began(facts)
            return Ended(mono=when, status=None)
        return ended(row, claim.event if claim else None)

    def strangers(self, pid: int) -> list[Stranger]:
        """Children of this pid that were started and have no folder.

        A plain fork tells nobody: of a child that could make no folder only its end is known.
        """
        claims = self.claims.get(pid, ())
        left = [one for one in claims if one.kind in STARTS and self._group(one) is None]
        if not any(one.kind in STARTS for one in claims):
            ends = (one for one in claims if one.kind == layout.EV_REAPED)
            left = [one for one in ends if self._ending(one) is None]
        left.sort(key=lambda one: one.mono)
        found: list[Stranger] = []
        while left:
            end = self._stranger_end(pid, left[0].mono)
            same = [one for one in left if end is None or one.mono <= end.mono] or left[:1]
            found.append(self._stranger(pid, same, end))
            left = left[len(same) :]
        return found

    def _stranger(self, pid: int, same: list[Claim], end: Ended | None) -> Stranger:
        first = same[0]
        argv = next((as_texts(one.event["argv"]) for one in same if "argv" in one.event), ())
        signals = tuple(
            sent(one)
            for one in self.claims[pid]
            if one.kind == layout.EV_SIGNAL
            and one.mono >= first.mono
            and (end is None or one.mono <= end.mono)
        )
        return Stranger(pid, first.mono, first.sender, argv, tuple(same), end, signals)

    def _stranger_end(self, pid: int, since: int) -> Ended | None:
        reaped = [
            one
            for one in self.claims[pid]
            if one.kind == layout.EV_REAPED and one.mono >= since and self._ending(one) is None
        ]
        rows = [
            row
            for row in self.exits_of_pid[pid]
            if as_int(row.get("mono")) >= since
            and not any(mate.start == row.get("start") for mate in self.pids.get(pid, ()))
        ]
        claim = min(reaped, key=lambda one: one.mono, default=None)
        row = min(rows, key=lambda one: as_int(one.get("mono")), default=None)
        return ended(row, claim.event if claim else None) if row or claim else None

    # Which folder a claim speaks of.

    def _group(self, claim: Claim) -> tuple[int, int] | None:
        """(pid, start) of the process whose start this claim tells; None: it has no folder."""
        pid = as_int(claim.event.get("pid"))
        best: Facts | None = None
        for mate in self.pids.get(pid, ()):
            if mate.n or self._ended_before(mate, claim.mono):
                continue
            if self._somebody_else_ended(pid, claim.mono, began(mate)):
                continue
            if best is None or abs(began(mate) - claim.mono) < abs(began(best) - claim.mono):
                best = mate
        return (best.pid, best.start) if best else None

    def _ended_before(self, facts: Facts, mono: int) -> bool:
        """Whether the pid of this process could belong to another one by then.

        Only once it was reaped. That it ended says less: a child can be over before its
        parent's `start()` returns and says that it started it.
        """
        claim = self._reaped(facts)
        if claim is not None:
            return claim.mono < mono
        row = self.exits.get((facts.pid, facts.start))
        if row is not None:
            slack = 0 if row.get("by") == "wait" else UNREAPED
            return as_int(row.get("mono")) + slack < mono
        said = facts.goodbye
        return said is not None and as_int(said.get("mono"), mono) + UNREAPED < mono

    def _somebody_else_ended(self, pid: int, since: int, until: int) -> bool:
        """Whether another process of that pid ended between its start and this folder's."""
        return any(
            since < one.mono < until for one in self.claims[pid] if one.kind == layout.EV_REAPED
        )

    def _starts_of(self, facts: Facts) -> list[Claim]:
        """Who said that it started this process; multiprocessing's word first."""
        claims = [
            one
            for one in self.claims.get(facts.pid, ())
            if one.kind in STARTS and self._group(one) == (facts.pid, facts.start)
        ]
        return sorted(claims, key=lambda one: STARTS.index(one.kind))

    def _ending(self, claim: Claim) -> Facts | None:
        """The process whose end this claim tells: the last that had begun by then."""
        last = None
        for mate in self.pids.get(as_int(claim.event.get("pid")), ()):
            if began(mate) <= claim.mono:
                last = mate
        return last

    def _reaped(self, facts: Facts) -> Claim | None:
        for claim in self.claims.get(facts.pid, ()):
            if claim.kind == layout.EV_REAPED:
                ending = self._ending(claim)
                if ending is not None and ending.start == facts.start:
                    return claim  # a later one is about a process without a folder
        return None

    def _next_exec(self, facts: Facts) -> Facts | None:
        for mate in self.pids.get(facts.pid, ()):
            if mate.start == facts.start and mate.n > facts.n:
                return mate
        return None

    def _by_ppid(self, facts: Facts) -> str:
        last = ""
        for mate in self.pids.get(as_int(facts.who.get("ppid")), ()):
            if began(mate) <= began(facts):
                last = mate.key
        return last

    def _owned(self, facts: Facts) -> Claim | None:
        found = None
        for claim in self.claims.get(facts.pid, ()):
            if claim.kind == layout.EV_OWNED and not self._ended_before(facts, claim.mono):
                found = claim
        return found

    def _signals(
        self, facts: Facts, starts: list[int], end: Ended | None
    ) -> tuple[SignalSent, ...]:
        since = min([began(facts), *starts])
        until = end.mono + SLACK if end and end.status is not None else None
        found = [
            sent(claim)
            for claim in self.claims.get(facts.pid, ())
            if claim.kind == layout.EV_SIGNAL
            and claim.mono >= since
            and (until is None or claim.mono <= until)
        ]
        return tuple(sorted(found, key=lambda one: one.mono))

    def _task(self, facts: Facts, parent: str, owned: Claim | None) -> Task | None:
        if facts.task is None or facts.task[0] == state.IDLE:
            return None
        phase, since, task = facts.task
        word = as_text(task.get("owner"))
        owner = as_text(owned.event.get("owner")) if owned is not None else ""
        owner = owner if owner.partition(":")[0] == word else word
        job = as_int(task.get("job"), -1)
        rows = self.submitted.get((parent, word if word == "pool" else owner), [])
        place = bisect_right(rows, job, key=lambda row: row[0])
        call, where = rows[place - 1][1:] if place else ("", "")
        return Task(
            call=as_text(task.get("call")),
            args=as_text(task.get("args")),
            phase=state.PHASES[phase],
            since=since,
            submitted_by=call,
            submitted_at=where,
            owner=owner,
            job=job,
        )


def spoken_of(event: Mapping[str, Any]) -> list[int]:
    """The pids that an event is about: one, or those of the group that a signal went to."""
    pid = as_int(event.get("pid"))
    group = event.get("group")
    if pid <= 0 and isinstance(group, list):
        return [one for one in map(as_int, group) if one > 0]
    return [pid] if pid > 0 else []


def began(facts: Facts) -> int:
    """When this folder was begun (ns)."""
    return as_int(facts.who.get("mono"))


def sent(claim: Claim) -> SignalSent:
    """A signal that one process sent to another."""
    event = claim.event
    return SignalSent(
        sender=claim.sender,
        signal=as_int(event.get("signal")),
        mono=claim.mono,
        call=as_text(event.get("call")),
        where=as_text(event.get("where")),
        idle=syscalls.is_for_work(as_text(event.get("syscall"))),
    )
