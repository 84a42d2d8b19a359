"""What is waited for: who has it, where it was made, and what it holds.

Members of the run are looked at first. Who else has an end of a pipe or socket that somebody
waits for is looked for in all processes of the system: such a stranger may end the wait.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.model_shared import PIPE, SEMAPHORE, SOCKETS
from mpdebug.model_waits import Thing
from mpdebug.observer import file_locks, proc_maps, threads
from mpdebug.observer.blocked import SEM
from mpdebug.observer.labels import Labels
from mpdebug.observer.parts import Parts
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Run
    from mpdebug.model_shared import Label
    from mpdebug.observer.blocked import Around, Blocked

VALUE = 0xFFFFFFFF
"""A glibc semaphore is eight bytes: its value, and above it how many wait."""

WORD = 8


def gone_id(maker: str, address: int) -> str:
    """The id of a semaphore without a name that no living process has."""
    return f"sem:{maker}@{address:x}"


class Things:
    """Everything that is waited for or held in a run.

    Args:
        run: as just read.
        blocked: a look at each living member, by key.
        around: what these found.
    """

    def __init__(self, run: Run, blocked: dict[str, Blocked], around: Around) -> None:
        self.run = run
        self.blocked = blocked
        self.around = around
        self.unread: dict[str, str] = {}  # key → why its maps or descriptors are not known
        self._members = {one.pid: key for key, one in blocked.items()}
        self._sentinels = {
            one.process.sentinel: key for key, one in blocked.items() if one.process.sentinel
        }
        self._labels: Labels | None = None
        self._parts: Parts | None = None
        self._mapped: dict[int, dict[str, int]] | None = None

    def of(self, ids: Iterable[str]) -> dict[str, Thing]:
        """The things with these ids."""
        wanted = set(ids)
        ends = {one for one in wanted if one.startswith(("pipe:", "socket:"))}
        found = self._pipes_and_sockets(ends) if ends else {}
        for one in wanted - ends:
            kind, _, name = one.partition(":")
            if kind == "sem":
                found[one] = self.semaphore(one) if name.isdigit() else self._gone(one)
            elif kind == "pid":
                found[one] = self._process(one, int(name))
            elif kind == "futex":
                user = self._members.get(int(name.partition(":")[0]))
                found[one] = Thing(one, "thread lock", users=(user,) if user else ())
            elif kind == "file":
                users = file_locks.users_of(one, self._members, self.around.locked)
                found[one] = Thing(
                    one, "file", part=self.around.files.get(one, ""), users=users
                )
            else:
                found[one] = Thing(one, kind)
        return found

    def _gone(self, one: str) -> Thing:
        """A semaphore that no living process has."""
        key, _, address = one.partition(":")[2].partition("@")
        maker = next((each for each in self.run.processes if each.key == key), None)
        if maker is None:
            return Thing(one, SEMAPHORE)
        label = self.labels.of_address(maker, int(address, 16))
        part = self.parts.of_address(maker, int(address, 16))
        return Thing(one, label.lock if label and label.lock else SEMAPHORE, label, part)

    def _process(self, one: str, pid: int) -> Thing:
        key = self._members.get(pid)
        if key is not None:
            return Thing(one, "process", users=(key,))
        return Thing(one, "process", users=(one,), strangers=(pid,))

    @property
    def labels(self) -> Labels:
        """Where things were made; the events of all processes are read for it."""
        if self._labels is None:
            self._labels = Labels(self.run)
        return self._labels

    @property
    def parts(self) -> Parts:
        """What things are parts of."""
        if self._parts is None:
            self._parts = Parts(self.run)
        return self._parts

    def mapped(self) -> dict[int, dict[str, int]]:
        """Inode of each semaphore → who maps it, and at which address."""
        if self._mapped is None:
            self._mapped = defaultdict(dict)
            for key, one in self.blocked.items():
                for mapping in one.maps():
                    if mapping.path.startswith(SEM):
                        self._mapped[mapping.inode][key] = mapping.start
                if one.refused:
                    self.unread[key] = one.refused
        return self._mapped

    def semaphore(self, one: str) -> Thing:
        """A semaphore, by its id."""
        inode = int(one.partition(":")[2])
        users = self.mapped().get(inode, {})
        strangers = self._strangers_mapping(inode)
        value = waiting = -1
        where = self.around.semaphores.get(one) or self._anywhere(users)
        data = threads.memory(*where, WORD) if where else b""
        if len(data) == WORD:
            word = int.from_bytes(data, "little")
            value, waiting = word & VALUE, word >> 32
        label, part = self._making(inode, users)
        return Thing(
            one,
            label.lock if label and label.lock else SEMAPHORE,
            label,
            part,
            value,
            waiting,
            users=(*users, *(f"pid:{pid}" for pid in strangers)),
            strangers=strangers,
        )

    def _anywhere(self, users: dict[str, int]) -> tuple[int, int] | None:
        for key, address in users.items():
            return self.blocked[key].pid, address
        return None

    def _making(self, inode: int, users: dict[str, int]) -> tuple[Label | None, str]:
        label = self.labels.of_inode(inode, SEMAPHORE)
        part = ""
        for key, address in users.items():
            process = self.blocked[key].process
            label = label or self.labels.of_address(process, address)
            part = part or self.parts.of_address(process, address)
        return label, part

    def _strangers_mapping(self, inode: int) -> tuple[int, ...]:
        """Who maps it beside the members.

        Below a supervisor there are none: it gets all orphans, so all forked are members, and
        a name that nobody was told is opened by nobody.
        """
        if self.run.supervisor and layout.start_of(self.run.supervisor) is not None:
            return ()
        found = []
        for pid in self._others():
            try:
                mappings = proc_maps.shared_maps(pid)
            except OSError:
                continue
            if any(one.inode == inode and one.path.startswith(SEM) for one in mappings):
                found.append(pid)
        return tuple(found)

    def _others(self) -> list[int]:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
        return [int(name) for name in names if int(name) not in self._members]

    def _pipes_and_sockets(self, ids: set[str]) -> dict[str, Thing]:
        """Who has which end."""
        peers = {}
        for one in ids:
            kind, _, inode = one.partition(":")
            if kind == "socket":
                known = self.around.unix.get(int(inode))
                peers[one] = f"socket:{known.peer}" if known and known.peer else ""
        wanted = ids | set(filter(None, peers.values()))
        ends = Ends(wanted)
        for key, blocked in self.blocked.items():
            if not ends.look(blocked.pid, key):
                self.unread[key] = "its descriptors may not be looked at"
        for pid in self._others():
            ends.look(pid, f"pid:{pid}")
        return {one: self._with_ends(one, ends, peers.get(one, "")) for one in wanted}

    def _with_ends(self, one: str, ends: Ends, peer: str) -> Thing:
        kind, _, name = one.partition(":")
        inode = int(name)
        readers, writers = tuple(ends.readers[one]), tuple(ends.writers[one])
        members = set(self._members.values())
        people = dict.fromkeys((*readers, *writers))
        if kind == "socket" and not peer:
            known = self.around.unix.get(inode)
            peer = f"socket:{known.peer}" if known and known.peer else ""
        what = PIPE if kind == "pipe" else SOCKETS
        return Thing(
            one,
            kind,
            self.labels.of_inode(inode, what),
            self.parts.of_inode(inode),
            users=tuple(people),
            readers=readers if kind == "pipe" else (),
            writers=writers if kind == "pipe" else (),
            ends=self._sentinels.get(inode, "") if kind == "pipe" else "",
            strangers=tuple(int(key[4:]) for key in people if key not in members),
            peer=peer,
        )


class Ends:
    """Who has the ends of some pipes and sockets.

    Args:
        ids: of the pipes and sockets.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._wanted = {
            f"{kind}:[{name}]": one for one in ids for kind, _, name in (one.partition(":"),)
        }
        self.readers: defaultdict[str, list[str]] = defaultdict(list)
        self.writers: defaultdict[str, list[str]] = defaultdict(list)

    def look(self, pid: int, key: str) -> bool:
        """Take in what a process has open; False if that may not be looked at."""
        above = f"/proc/{pid}/fd"
        try:
            names = os.listdir(above)
        except PermissionError:
            return False
        except OSError:  # it has ended
            return True
        for name in names:
            try:
                one = self._wanted.get(os.readlink(f"{above}/{name}"))
                mode = os.lstat(f"{above}/{name}").st_mode if one else 0
            except OSError:  # just closed
                continue
            if one is None:
                continue
            for bit, people in ((stat.S_IRUSR, self.readers), (stat.S_IWUSR, self.writers)):
                if mode & bit and key not in people[one]:
                    people[one].append(key)
        return True
