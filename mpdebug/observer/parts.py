"""Which part of a Queue a lock or a pipe is, as processes wrote it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.observer.facts import as_int, as_text
from mpdebug.observer.labels import fork_chain
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from mpdebug.model import Note, Process, Run

ENDS = ("reader", "writer")
CONDITION = ("_lock", "_sleeping_count", "_woken_count", "_wait_semaphore")
"""A condition's semaphores, in the order in which they are told."""

NOT_PARTS = frozenset((*ENDS, "what", "where", "mono", "kind", "size"))


class Parts:
    """The parts of all queues of a run: "Queue._rlock"."""

    def __init__(self, run: Run) -> None:
        self._people = {one.key: one for one in run.processes}
        self._inodes: dict[int, str] = {}
        self._addresses: dict[tuple[str, int], list[tuple[int, str]]] = {}
        for process in run.processes:
            for note in process.notes:
                if note.kind == layout.EV_QUEUE:
                    self._add(process, note)

    def _add(self, process: Process, note: Note) -> None:
        what = as_text(note.said.get("what")) or "Queue"
        for end in ENDS:
            if inode := as_int(note.said.get(end)):
                self._inodes[inode] = f"{what}.pipe"
        named = {name: value for name, value in note.said.items() if name not in NOT_PARTS}
        several = named.pop("cond", None)
        if isinstance(several, list):
            named |= {
                f"cond.{name}": one for name, one in zip(CONDITION, several, strict=False)
            }
        for name, value in named.items():
            if address := as_int(value):
                key = (process.key, address)
                self._addresses.setdefault(key, []).append((note.mono, f"{what}._{name}"))

    def of_inode(self, inode: int) -> str:
        """Of a pipe; empty: it is no part."""
        return self._inodes.get(inode, "")

    def of_address(self, process: Process, address: int) -> str:
        """Of a semaphore, by where a process has it mapped; empty: it is no part."""
        for one, until in fork_chain(self._people, process):
            for mono, part in reversed(self._addresses.get((one.key, address), ())):
                if until is None or mono <= until:
                    return part
        return ""
