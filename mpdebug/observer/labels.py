"""Where shared things were made, as the processes of a run wrote it into their events."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mpdebug.model_shared import SEMAPHORE, Label
from mpdebug.observer.facts import as_int, as_text
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mpdebug.model import Process, Run

MADE = f'"kind":"{layout.EV_MADE}"'.encode()
INHERITS = frozenset(("fork", ""))
"""Start methods of processes that have their parent's mappings."""


class Labels:
    """All labels of a run, and which one a thing has."""

    def __init__(self, run: Run) -> None:
        self.all = [label for one in run.processes for label in read_labels(one)]
        self.all.sort(key=lambda label: label.mono)
        self._people = {one.key: one for one in run.processes}
        self._inodes: dict[int, Label] = {}
        self._addresses: dict[tuple[str, int], list[Label]] = {}
        for label in self.all:
            for inode in label.inodes:
                self._inodes[inode] = label  # a number that is used again is the newer thing's
            if label.what == SEMAPHORE:
                key = (label.maker.key, label.address)
                self._addresses.setdefault(key, []).append(label)

    def of_inode(self, inode: int, kind: str) -> Label | None:
        """The label of a file, pipe or socket of this kind."""
        label = self._inodes.get(inode)
        return label if label is not None and label.what == kind else None

    def of_address(self, process: Process, address: int) -> Label | None:
        """The label of a semaphore, by where a process has it mapped.

        A forked child has what its parent made before, at the same address.
        """
        for one, until in fork_chain(self._people, process):
            for label in reversed(self._addresses.get((one.key, address), ())):
                if until is None or label.mono <= until:
                    return label
        return None


def fork_chain(
    people: Mapping[str, Process], process: Process
) -> Iterator[tuple[Process, int | None]]:
    """The process, and those whose mappings it has; each with the moment (mono) until which.

    Args:
        people: all processes of the run by key.
        process: where to begin.
    """
    until = None
    one: Process | None = process
    while one is not None:
        yield one, until
        if one.method not in INHERITS:
            return
        until = one.mono if until is None else min(until, one.mono)
        one = people.get(one.parent)


def read_labels(process: Process) -> Iterator[Label]:
    """The labels that one process wrote."""
    if not process.folder:
        return
    tail = lines.Tail(os.path.join(process.folder, layout.EVENTS))
    more = True
    while more:
        found, more = tail.read()
        for line in found:
            said = lines.parse(line) if MADE in line else None
            if said is None:
                continue
            inodes = said.get("inodes")
            yield Label(
                maker=process,
                mono=as_int(said.get("mono")),
                what=as_text(said.get("what")),
                call=as_text(said.get("call")),
                where=as_text(said.get("where")),
                name=as_text(said.get("name")),
                size=as_int(said.get("size"), -1),
                lock=as_text(said.get("lock")),
                address=as_int(said.get("address")),
                inodes=tuple(map(as_int, inodes)) if isinstance(inodes, list) else (),
                pid=as_int(said.get("pid")),
            )
