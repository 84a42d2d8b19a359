"""Who is connected with whom: socket pairs, and managers with those who use them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mpdebug.model_shared import LISTENER, MANAGER, SOCKETS, Holder, Label, Shared
from mpdebug.observer.sockets import Unix, unix_sockets
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.model import Process, Run
    from mpdebug.observer.labels import Labels

OURS = ("/proc/self/fd/", "@")  # where stops listen
TCP = "who uses it is not known: it listens on TCP"


class Sockets:
    """The sockets that the processes of a run have open."""

    def __init__(self) -> None:
        self._held: dict[int, dict[int, Process]] = {}

    def add(self, inode: int, process: Process) -> None:
        """A process has this one open."""
        self._held.setdefault(inode, {})[process.pid] = process

    def things(self, run: Run, labels: Labels) -> Iterator[Shared]:
        """Pairs of which both ends are held in the run, managers, and other named sockets."""
        known = unix_sockets() if self._held else {}
        listeners = {
            one.name: one
            for ino in self._held
            if (one := known.get(ino)) and one.listens and one.name
        }
        users: dict[str, list[Holder]] = {name: [] for name in listeners}
        for inode, people in self._held.items():
            one = known.get(inode) or _from_label(inode, labels)
            there = self._held.get(one.peer)
            if there is None or one.listens:
                continue
            peer = known.get(one.peer)
            name = one.name or (peer.name if peer else "")
            if name in users:
                if one.name:  # the server's end
                    users[name] += [
                        Holder(each.name, each.pid, "uses") for each in there.values()
                    ]
            elif inode < one.peer:
                yield _pair(inode, one.peer, people, there, labels)
        yield from self._listening(listeners, users, run, labels)

    def _listening(
        self,
        listeners: dict[str, Unix],
        users: dict[str, list[Holder]],
        run: Run,
        labels: Labels,
    ) -> Iterator[Shared]:
        made = {label.name: label for label in labels.all if label.what == MANAGER}
        for name, one in listeners.items():
            people = self._held[one.inode].values()
            label = made.pop(name, None)
            serves = label is not None or any(each.role == layout.MANAGER for each in people)
            if not serves and name.startswith((*OURS, run.path or "\0")):
                continue
            holders = [Holder(each.name, each.pid, "serves") for each in people]
            holders += dict.fromkeys(users[name])
            kind = MANAGER if serves else LISTENER
            yield Shared(kind, name, one.inode, label=label, holders=tuple(holders))
        for label in made.values():
            if (gone := _unseen(label, run)) is not None:
                yield gone


def _from_label(inode: int, labels: Labels) -> Unix:
    """Where the kernel does not tell the other end, its maker did."""
    label = labels.of_inode(inode, SOCKETS)
    peer = next((other for other in label.inodes if other != inode), 0) if label else 0
    return Unix(inode, peer, "", listens=False)


def _pair(
    one: int, two: int, here: dict[int, Process], there: dict[int, Process], labels: Labels
) -> Shared:
    holders = [
        Holder(each.name, each.pid, end)
        for end, people in (("end 1", here), ("end 2", there))
        for each in people.values()
    ]
    both = here.keys() & there.keys()
    rows = [
        Holder(each.name, each.pid, "both ends" if each.pid in both else each.how)
        for each in holders
    ]
    label = labels.of_inode(one, SOCKETS) or labels.of_inode(two, SOCKETS)
    name = f"socket:[{one}]"
    return Shared(SOCKETS, name, one, label=label, holders=tuple(dict.fromkeys(rows)))


def _unseen(label: Label, run: Run) -> Shared | None:
    """A manager whose socket no living process has: one on TCP, or one that was killed."""
    server = next((one for one in run.processes if one.pid == label.pid and one.alive), None)
    if label.name.startswith("/"):
        left = server is None and os.path.exists(label.name)
        return Shared(MANAGER, label.name, 0, label=label, left_over=True) if left else None
    if server is None:
        return None
    holders = (Holder(server.name, server.pid, "serves"),)
    return Shared(MANAGER, label.name, 0, label=label, holders=holders, note=TCP)
