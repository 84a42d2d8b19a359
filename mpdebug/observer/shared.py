"""What the processes of a run share, who has it now, and what is left over.

All of it is read from /proc, and who made it from the labels in the run folder: of processes
that are not under mpdebug the same is told, but for the making. About 1 ms a process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mpdebug.model_shared import (
    ARENA,
    KINDS,
    MMAP,
    PIPE,
    SEGMENT,
    SEMAPHORE,
    STREAMS,
    AllShared,
    Holder,
    Label,
    Shared,
)
from mpdebug.observer import proc_maps
from mpdebug.observer.connected import Sockets
from mpdebug.observer.labels import Labels
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from mpdebug.model import Process, Run

SHM = "/dev/shm/"  # noqa: S108 - looked at, nothing is put there
SEM = "sem."
UNTOLD = ("/gconv-modules.cache",)  # every C program has it
FEW = 2
"""A file that fewer processes map is not shared."""

MAPS, READS_ONLY, OPEN = "maps", "maps to read", "open"


@dataclass
class Found:
    """A thing, while processes are looked at one after the other."""

    kind: str
    inode: int
    name: str = ""
    size: int = -1
    label: Label | None = None
    holders: dict[int, tuple[Process, set[str]]] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)  # the descriptors by which it is held

    def add(self, process: Process, how: str) -> None:
        """One more who has it."""
        self.holders.setdefault(process.pid, (process, set()))[1].add(how)


def read_shared(run: Run) -> AllShared:
    """What the processes of a run share now; of a finished run, what it left behind."""
    look = _Look(run)
    living = [one for one in run.processes if one.alive]
    refused = []
    for process in living:
        if process.start and layout.start_of(process.pid) != process.start:
            continue  # it has ended meanwhile
        try:
            look.maps_of(process)
            look.descriptors_of(process)
        except PermissionError:
            refused.append((process.name, "not permitted"))
        except OSError:
            continue
    things = [*look.things(), *look.sockets.things(run, look.labels)]
    things += look.left_over(complete=not refused)
    things.sort(key=lambda one: (KINDS.index(one.kind), one.label.mono if one.label else 0))
    return AllShared(run, tuple(things), len(living), tuple(refused))


class _Look:
    """One look at all processes of a run."""

    def __init__(self, run: Run) -> None:
        self.labels = Labels(run)
        self.sockets = Sockets()
        self._home = run.path.rstrip("/") + "/" if run.path else ""
        self._files: dict[tuple[str, int], Found] = {}
        self._pipes: dict[int, Found] = {}

    def maps_of(self, process: Process) -> None:
        """Take in what it maps. Raises OSError."""
        for one in proc_maps.shared_maps(process.pid):
            if not self._is_told(one.path):
                continue
            found = self._file(one.path, one.inode, deleted=one.deleted)
            found.size = max(found.size, one.size)
            found.add(process, MAPS if one.writes else READS_ONLY)
            if found.kind == SEMAPHORE and found.label is None:
                found.label = self.labels.of_address(process, one.start)

    def descriptors_of(self, process: Process) -> None:
        """Take in what it has open. Raises OSError."""
        for one in proc_maps.descriptors(process.pid):
            inode = proc_maps.inode_in(one.target)
            if one.target.startswith("pipe:"):
                pipe = self._pipes.get(inode)
                if pipe is None:
                    label = self.labels.of_inode(inode, PIPE)
                    pipe = self._pipes[inode] = Found(PIPE, inode, label=label)
                pipe.add(process, "writes" if one.writes else "reads")
                pipe.numbers.add(one.number)
            elif one.target.startswith("socket:"):
                self.sockets.add(inode, process)
            elif one.target.startswith((SHM, "/memfd:")):
                inode, size = proc_maps.file_of(process.pid, one.number)
                path = one.target.removesuffix(proc_maps.DELETED)
                if inode and self._is_told(path):
                    found = self._file(path, inode, deleted=path != one.target)
                    found.size = max(found.size, size)
                    found.add(process, OPEN)

    def _is_told(self, path: str) -> bool:
        if path.startswith("/dev/") and not path.startswith((SHM, "/dev/zero")):
            return False  # memory of a device
        ours = self._home and path.startswith(self._home)
        return path.startswith("/") and not ours and not path.endswith(UNTOLD)

    def _file(self, path: str, inode: int, *, deleted: bool) -> Found:
        place = SHM if path.startswith(SHM) else path
        found = self._files.get((place, inode))
        if found is None:
            kind = kind_of(path)
            label = self.labels.of_inode(inode, kind)
            found = self._files[place, inode] = Found(kind, inode, path, label=label)
        elif not deleted:
            found.name = path  # a semaphore's maker has it by another name, which is gone
        return found

    def things(self) -> list[Shared]:
        """The files and pipes that more than one has, or that are made to be shared."""
        found = [
            _shared(one, holders)
            for one in self._files.values()
            if len(holders := _holders(one)) >= FEW or one.kind != MMAP
        ]
        for one in self._pipes.values():
            holders = _holders(one)
            if len(holders) >= FEW or one.label is not None:
                streams = not one.label and max(one.numbers) <= 2  # noqa: PLR2004
                found.append(_shared(one, holders, STREAMS if streams else ""))
        return found

    def left_over(self, *, complete: bool) -> list[Shared]:
        """Files of this run's making that are still there, and that no process of it has."""
        had = {one.inode for one in self._files.values()}
        there: dict[int, tuple[str, int, Label]] = {}
        for label in self.labels.all:
            if label.what in (SEGMENT, SEMAPHORE) and label.name and label.inodes:
                path = SHM + (SEM if label.what == SEMAPHORE else "") + label.name.lstrip("/")
                try:
                    status = os.stat(path)
                except OSError:
                    continue
                if status.st_ino == label.inodes[0] and status.st_ino not in had:
                    there[status.st_ino] = (path, status.st_size, label)
        others = proc_maps.who_maps(set(there)) if there else {}
        return [
            Shared(
                kind=label.what,
                name=short(path),
                inode=inode,
                size=-1 if label.what == SEMAPHORE else size,
                label=label,
                holders=tuple(
                    Holder(f"{name} (of no run)", pid, MAPS)
                    for pid, name in others.get(inode, ())
                ),
                left_over=complete and inode not in others,
                note="" if complete else "who has it is not known: not permitted to look",
            )
            for inode, (path, size, label) in there.items()
        ]


def kind_of(path: str) -> str:
    """What a file that is mapped is, by its name."""
    base = os.path.basename(path)
    if base.startswith("pym-"):
        return ARENA
    if path.startswith(SHM + SEM):
        return SEMAPHORE
    return SEGMENT if path.startswith((SHM, "/SYSV")) else MMAP


def short(path: str) -> str:
    """`psm_4711` of /dev/shm/psm_4711; where all of its kind are nobody needs to be told."""
    if path == "/dev/zero":
        return "anonymous"
    return path.removeprefix(SHM)


def _holders(found: Found) -> tuple[Holder, ...]:
    rows = []
    for process, hows in found.holders.values():
        if found.kind == PIPE:
            how = hows.copy().pop() if len(hows) == 1 else "both ends"
        else:
            how = next(one for one in (MAPS, READS_ONLY, OPEN) if one in hows)
        rows.append(Holder(process.name, process.pid, how))
    return tuple(rows)


def _shared(found: Found, holders: tuple[Holder, ...], note: str = "") -> Shared:
    label = found.label
    size = label.size if label and label.size >= 0 else found.size
    name = short(found.name) if found.kind != PIPE else f"pipe:[{found.inode}]"
    if found.kind == SEMAPHORE:
        size = -1  # a page, whatever it is
    return Shared(found.kind, name, found.inode, size, label, holders, note=note)
