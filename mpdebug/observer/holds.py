"""Who holds what: what processes recorded in their `state` files, as holds of the model.

A process records a lock by where it is mapped. Of a living one the mapping tells which it is;
of a dead one who has the same mapping: the thing as it was made in the process itself, or in
the one from which it was forked.

Another process may have given the lock back since, which the holder's file does not tell. So
of several holders of one lock the last counts, and where the semaphore says that it is free,
nobody has it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mpdebug.model_waits import Hold
from mpdebug.observer.facts import as_int, as_text
from mpdebug.observer.labels import fork_chain
from mpdebug.observer.things import gone_id
from mpdebug.rundir import held, layout

if TYPE_CHECKING:
    from mpdebug.model import Process, Run
    from mpdebug.model_waits import Thing
    from mpdebug.observer.things import Things
    from mpdebug.rundir.held import RawHold

PROXY, TAKING, HELD = "proxy", "taking", "held"
MUTEXES = frozenset(("Lock", "RLock", PROXY))


@dataclass(frozen=True, slots=True)
class Site:
    """A line that takes a lock."""

    where: str = ""
    function: str = ""


class Holds:
    """All holds of a run.

    Args:
        run: as just read.
        things: tells which semaphore lies where.
    """

    def __init__(self, run: Run, things: Things) -> None:
        self.run = run
        self.things = things
        self._people = {one.key: one for one in run.processes}
        self._sites: dict[tuple[str, int], list[tuple[int, Site]]] = {}
        self._opened: dict[tuple[str, int], int] = {}
        for process in run.processes:
            self._read_notes(process)

    def _read_notes(self, process: Process) -> None:
        for note in process.notes:
            said = note.said
            if note.kind == layout.EV_SITE:
                where = f"{as_text(said.get('file'))}:{as_int(said.get('line'))}"
                site = Site(where, as_text(said.get("function")))
                key = (process.key, as_int(said.get("site")))
                self._sites.setdefault(key, []).append((note.mono, site))
            elif note.kind == layout.EV_OPENED and (inode := as_int(said.get("inode"))):
                self._opened[process.key, as_int(said.get("address"))] = inode

    def read(self) -> list[Hold]:
        """What everybody has, or may have; also the dead, as far as nobody else took it."""
        found = []
        for process in self.run.processes:
            if process.folder:
                raws = held.read_held(os.path.join(process.folder, layout.STATE))
                found += [hold for raw in raws if (hold := self._hold(process, raw))]
        return found

    def _hold(self, process: Process, raw: RawHold) -> Hold | None:
        thing = f"proxy:{raw.ident}" if raw.kind == PROXY else self._semaphore(process, raw)
        if not thing:
            return None
        site = self._site(process, raw.site)
        return Hold(
            process=process.key,
            thing=thing,
            tid=raw.tid,
            state=raw.state,
            since=raw.since,
            where=site.where,
            function=site.function,
            count=raw.count,
        )

    def _site(self, process: Process, number: int) -> Site:
        if number:
            for one, until in fork_chain(self._people, process):
                for mono, site in reversed(self._sites.get((one.key, number), ())):
                    if until is None or mono <= until:
                        return site
        return Site()

    def _semaphore(self, process: Process, raw: RawHold) -> str:
        """The id of a semaphore that this process has, or had, at that address."""
        for inode, users in self.things.mapped().items():
            if users.get(process.key) == raw.address:
                return f"sem:{inode}"
        if process.alive:
            return ""  # it was unmapped just now
        if inode := self._opened.get((process.key, raw.address), 0):
            return f"sem:{inode}"
        return self._of_dead(process, raw.address)

    def _of_dead(self, process: Process, address: int) -> str:
        """Of one that is forked with others: a living one has it where the dead one had it."""
        labels = self.things.labels
        label = labels.of_address(process, address)
        if label is None:
            return ""
        if label.inodes:
            return f"sem:{label.inodes[0]}"
        for inode, users in self.things.mapped().items():
            for key, start in users.items():
                other = self.things.blocked[key].process
                if start == address and labels.of_address(other, address) is label:
                    return f"sem:{inode}"
        return gone_id(label.maker.key, address)


def current(holds: list[Hold], things: dict[str, Thing], run: Run) -> tuple[Hold, ...]:
    """Without those that are over: the lock was given back by another, or taken by one since.

    What a living process is about to take is left out too: it waits, which the kernel tells;
    but of a manager's lock it tells only that the manager does not answer.
    """
    alive = {one.key for one in run.processes if one.alive}
    last: dict[str, int] = {}
    for one in holds:
        if one.state == HELD:
            last[one.thing] = max(last.get(one.thing, 0), one.since)
    return tuple(
        one
        for one in holds
        if not (one.state == TAKING and one.process in alive and not _is_proxy(one))
        and not (is_mutex(things.get(one.thing)) and _is_over(one, things, last))
    )


def _is_proxy(hold: Hold) -> bool:
    return hold.thing.startswith("proxy:")


def is_mutex(thing: Thing | None) -> bool:
    """Whether it is a lock that only one can have."""
    return thing is None or thing.kind in MUTEXES


def _is_over(hold: Hold, things: dict[str, Thing], last: dict[str, int]) -> bool:
    thing = things.get(hold.thing)
    free = thing is not None and thing.value > 0
    return free or bool(hold.since and hold.since < last.get(hold.thing, 0))
