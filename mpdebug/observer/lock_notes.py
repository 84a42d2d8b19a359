"""What processes wrote down about their locks, with the address in each told as a thing.

A lock is known in a process by where it is mapped there, which says nothing to anybody else. It
is named here by its making, so that the same lock has one name in all processes, also in those
that have ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.model_shared import SEMAPHORE
from mpdebug.model_waits import LockNote, Thing
from mpdebug.observer.facts import as_int, as_text
from mpdebug.observer.labels import Labels
from mpdebug.observer.things import gone_id
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from mpdebug.model import Note, Process, Run
    from mpdebug.model_shared import Label

KINDS = {
    layout.EV_ORDER: ("first", "second"),
    layout.EV_NOT_OWNED: ("address",),
    layout.EV_LEFT: ("address",),
}
"""Kind of a note → where the addresses stand in it."""


def read(run: Run) -> tuple[tuple[LockNote, ...], dict[str, Thing]]:
    """All notes about locks in the order of time, and the things that they name."""
    told = [
        (one, note)
        for one in run.processes
        for note in one.notes
        if note.kind in KINDS or note.kind == layout.EV_UNOPENED
    ]
    if not told:
        return (), {}
    namer = _Namer(run)
    found = [namer.note(one, note) for one, note in told]
    return tuple(sorted(found, key=lambda one: one.mono)), namer.things


class _Namer:
    """Finds the making of locks; the events of all processes are read for it."""

    def __init__(self, run: Run) -> None:
        self.things: dict[str, Thing] = {}
        self._labels = Labels(run)
        self._by_name = {one.name: one for one in self._labels.all if one.name}
        self._opened = {
            (one.key, as_int(note.said.get("address"))): as_int(note.said.get("inode"))
            for one in run.processes
            for note in one.notes
            if note.kind == layout.EV_OPENED
        }

    def note(self, process: Process, note: Note) -> LockNote:
        """One note with its things."""
        if note.kind == layout.EV_UNOPENED:
            labels = [self._by_name.get(as_text(note.said.get("name")))]
        else:
            addresses = [as_int(note.said.get(name)) for name in KINDS[note.kind]]
            labels = [self._label(process, address) for address in addresses]
        things = tuple(self._thing(label) if label else "" for label in labels)
        return LockNote(note.kind, process.key, things, note.mono, note.said)

    def _label(self, process: Process, address: int) -> Label | None:
        inode = self._opened.get((process.key, address), 0)
        label = self._labels.of_inode(inode, SEMAPHORE) if inode else None
        return label or self._labels.of_address(process, address)

    def _thing(self, label: Label) -> str:
        ident = gone_id(label.maker.key, label.address)
        self.things[ident] = Thing(ident, label.lock or SEMAPHORE, label)
        return ident
