"""What one thread waits for: out of its system call, what the model calls a wait.

A semaphore is told by the inode of the file that lies at the futex's address; a futex of a
process's own memory is a lock of its threads, also where the kernel was not told so
(`pthread_join`). What may come from outside of the program is told as that; so is what is not
known, because nobody can say that it never ends.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mpdebug.model_waits import (
    CHILD,
    ENDLESS,
    FILE_LOCK,
    OUTSIDE,
    POLL,
    READ,
    RUNS,
    SEMAPHORE,
    SERVES,
    STOPPED,
    THREAD,
    TIMED,
    WRITE,
    Wait,
)
from mpdebug.observer import file_locks, polled, proc_maps, syscalls, waiting
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Process
    from mpdebug.observer.sockets import Unix
    from mpdebug.observer.syscalls import Call
    from mpdebug.observer.threads import Seen

STOPS = sum(1 << getattr(signal, name) - 1 for name in ("SIGTERM", "SIGHUP"))
"""The mask of signals whose handlers end a service, when a person wants that."""

SEM = "/dev/shm/sem."  # noqa: S108 - looked at, nothing is put there
ENDINGS = ("SIGINT", "SIGSEGV", "SIGFPE", "SIGABRT", "SIGBUS", "SIGILL")
"""Signals whose handlers say nothing: Ctrl-C is pressed when it hangs (but see
`_handles_ctrl_c`), and the others are faulthandler's."""

WAKEABLE = ENDLESS - {SERVES}
"""Waits that the handler of a signal may end for good: a servant's goes on serving."""

OF_GLIBC = (32, 33)


@dataclass
class Around:
    """What is known of the system beside the process that is looked at."""

    unix: dict[int, Unix] = field(default_factory=dict)  # AF_UNIX sockets by inode
    children: dict[int, list[int]] = field(default_factory=dict)  # living, by parent
    semaphores: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Id → (pid, address): where one can be read."""
    files: dict[str, str] = field(default_factory=dict)  # id → path, of those waited for
    locked: dict[int, set[str]] = field(default_factory=dict)  # see `file_locks.locked_by`


class Told(NamedTuple):
    """A kind of wait, by what it can be woken, and to which of these it would write."""

    kind: str
    things: tuple[str, ...] = ()
    to_write: tuple[str, ...] = ()


class Blocked:
    """Tells what the threads of one process wait for.

    Args:
        process: a living one.
        around: shared by all; what is found of semaphores is added to it.
    """

    def __init__(self, process: Process, around: Around) -> None:
        self.process = process
        self.pid = process.pid
        self.around = around
        self.refused = ""  # why its mappings are not known
        self._maps: list[proc_maps.Mapping] | None = None
        self._ours = 0
        for number in _own_signals(process):
            self._ours |= 1 << (number - 1)
        if _handles_ctrl_c(process):
            self._ours &= ~(1 << (signal.SIGINT - 1))

    def waits(self, seen: dict[int, Seen], tids: Iterable[int] | None = None) -> list[Wait]:
        """What threads wait for; `since` and the Python stack are not told.

        Args:
            seen: all threads of the process.
            tids: of whom it is to be told; None: of all.
        """
        main = seen.get(self.pid)
        found = []
        for one in seen.values() if tids is None else map(seen.__getitem__, tids):
            told = self._kind(one)
            is_main = one.tid == self.pid
            name = "MainThread" if is_main else one.name
            if main is not None and not is_main and one.name == main.name:
                name = ""  # the kernel was not told it
            caught = one.caught & ~self._ours if is_main and told.kind in WAKEABLE else 0
            wait = Wait(
                process=self.process.key,
                tid=one.tid,
                main=is_main,
                kind=told.kind,
                things=told.things,
                to_write=told.to_write,
                by_signal=bool(caught),
                by_timer=bool(caught & ~STOPS),
                words=self._words(one),
                switches=one.switches,
                thread=name,
            )
            found.append(wait)
        return found

    def _words(self, one: Seen) -> str:
        if one.state in "Tt":
            return "halted"
        if one.state == "D":
            return "waits for the disk"
        call = one.call
        return waiting.of_call(self.pid, call).words if call else ""

    def _kind(self, one: Seen) -> Told:
        if one.state in "Tt" or self._stands(one):
            return Told(STOPPED)
        call = one.call
        if call is None or one.state in "RD":
            return Told(RUNS)
        if self._serves(one, call):
            return Told(SERVES)
        if call.timed:
            return Told(TIMED)
        tell = {
            "futex": self._futex,
            "file lock": self._file_lock,
            "child": self._child,
            "read": self._pipe,
            "write": self._pipe,
            "poll": self._poll,
            "select": self._poll,
            "epoll": self._poll,
        }.get(call.name)
        return tell(call) if tell else Told(OUTSIDE)

    def _stands(self, one: Seen) -> bool:
        """Whether this thread stands at a breakpoint, as far as can be told."""
        if one.tid == self.pid:
            return any(stop.main_thread for stop in self.process.stops)
        return any(
            stop.thread[:15] == one.name for stop in self.process.stops if not stop.main_thread
        )

    def _serves(self, one: Seen, call: Call) -> bool:
        """Whether it waits, as a servant of multiprocessing's, for what members ask."""
        if self.process.role == layout.FORKSERVER:
            return call.name in ("poll", "select", "epoll", "read", "accept")
        if self.process.role == layout.MANAGER:
            loops = one.tid == self.pid and call.name == "futex" and call.timed
            return call.name == "accept" or loops  # its main thread looks once a second
        return False

    def _futex(self, call: Call) -> Told:
        address = call.args[0]
        if not call.args[1] & waiting.FUTEX_PRIVATE:
            mapping = self.mapping_at(address)
            if mapping is not None:
                if not mapping.path.startswith(SEM):
                    return Told(OUTSIDE)
                thing = f"sem:{mapping.inode}"
                self.around.semaphores[thing] = (self.pid, address)
                return Told(SEMAPHORE, (thing,))
        return Told(THREAD, (f"futex:{self.pid}:{address:x}",))

    def _file_lock(self, call: Call) -> Told:
        file = f"/proc/{self.pid}/fd/{call.args[0]}"
        thing = file_locks.id_of(file)
        if not thing:
            return Told(OUTSIDE)
        self.around.files[thing] = os.readlink(file)
        return Told(FILE_LOCK, (thing,))

    def _pipe(self, call: Call) -> Told:
        thing = self._thing(call.args[0])
        kind = READ if call.name == "read" else WRITE
        return Told(kind, (thing,)) if thing else Told(OUTSIDE)

    def mapping_at(self, address: int) -> proc_maps.Mapping | None:
        """The shared mapping that lies at an address of the process."""
        for one in self.maps():
            if one.start <= address < one.start + one.size:
                return one
        return None

    def maps(self) -> list[proc_maps.Mapping]:
        """Its shared mappings, read once; empty where that is not possible."""
        if self._maps is None:
            try:
                self._maps = proc_maps.shared_maps(self.pid)
            except OSError as error:
                self._maps = []
                if isinstance(error, PermissionError):
                    self.refused = "its mappings may not be looked at"
        return self._maps

    def _child(self, call: Call) -> Told:
        how, number = syscalls.child_of(call)
        if how == "any":
            things = tuple(f"pid:{pid}" for pid in self.around.children.get(self.pid, ()))
        elif how == "pidfd":
            things = tuple(filter(None, (self._thing(number),)))
        else:
            things = (f"pid:{number}",)
        return Told(CHILD, things) if things else Told(OUTSIDE)

    def _thing(self, fd: int) -> str:
        """The id of a pipe, of a socket whose other end is known, of a process; else empty."""
        try:
            target = os.readlink(f"/proc/{self.pid}/fd/{fd}")
        except OSError:
            return ""
        inode = proc_maps.inode_in(target)
        if target.startswith("pipe:"):
            return f"pipe:{inode}"
        if target.startswith("socket:"):
            one = self.around.unix.get(inode)
            return f"socket:{inode}" if one is not None and one.peer else ""
        if target == "anon_inode:[pidfd]":
            pid = polled.fdinfo(self.pid, fd, b"Pid:\t")
            return f"pid:{int(pid[0])}" if pid and int(pid[0]) > 0 else ""
        return ""

    def _poll(self, call: Call) -> Told:
        things, to_write = [], []
        for one in polled.descriptors(self.pid, call):
            thing = self._thing(one.number)
            if not thing or (one.reads and one.writes and thing.startswith("pipe:")):
                return Told(OUTSIDE)
            things.append(thing)
            if one.writes:
                to_write.append(thing)
        if not things:
            return Told(OUTSIDE)
        return Told(POLL, tuple(dict.fromkeys(things)), tuple(dict.fromkeys(to_write)))


def _handles_ctrl_c(process: Process) -> bool:
    """Whether the program has a handler of its own for it, for which it may wait."""
    told = [
        note.said.get("own")
        for note in process.notes
        if note.kind == layout.EV_REMARK and note.said.get("what") == layout.CTRL_C
    ]
    return bool(told and told[-1])


def _own_signals(process: Process) -> list[int]:
    """Signals whose handlers are not the program's, or say nothing."""
    numbers = [*(int(signal.Signals[name]) for name in ENDINGS), *OF_GLIBC]
    if process.folder:
        who = lines.read_json(os.path.join(process.folder, layout.PROCESS)) or {}
        said = who.get("signals")
        if isinstance(said, dict):
            numbers += [one for one in said.values() if isinstance(one, int) and one > 0]
            numbers.append(int(signal.SIGQUIT))  # Ctrl-\ asks for stacks
    return [one for one in numbers if one < signal.NSIG]
