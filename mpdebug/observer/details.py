"""Everything about one process that is too dear to read of all: when a person opens it."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

import psutil

from mpdebug.model import Descriptor, Detail
from mpdebug.observer import proc_maps
from mpdebug.observer.last_records import last_records
from mpdebug.observer.nudge import last_stack
from mpdebug.observer.sockets import unix_sockets
from mpdebug.rundir import layout
from mpdebug.settings import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpdebug.model import Process, Run

T = TypeVar("T")

RECORDS = 8
MAPS = 8
STACK_WAIT = 0.5
"""Seconds in which a process writes its stack, where it can: under 1 ms as a rule."""

SHARED = ("pipe:", "socket:", "/memfd:", "/dev/shm/", "anon_inode:[event")  # noqa: S108
"""Where to look for who else has it open."""


def read_details(process: Process, run: Run) -> Detail:
    """What can be known of a process now; of one that has ended, what it left."""
    folder = process.folder
    records = last_records(os.path.join(folder, layout.RECORDS), RECORDS) if folder else ()
    if not process.alive or not _is_there(process):
        return Detail(process, process.argv, records=records, stack=process.faults.strip())
    unknown: list[tuple[str, str]] = []

    def tried(what: str, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except psutil.AccessDenied:
            unknown.append((what, "not permitted"))
        except (psutil.Error, OSError):
            unknown.append((what, "it has ended"))
        return otherwise

    one = psutil.Process(process.pid)
    stack, why = last_stack(process, STACK_WAIT)
    if why:
        unknown.append(("stack", why))
    return Detail(
        process=process,
        argv=tried("argv", lambda: tuple(one.cmdline()), process.argv),
        environ=tried("environment", lambda: _environ(one, process, run), ()),
        descriptors=tried("descriptors", lambda: _descriptors(one, run), ()),
        maps=tried("memory maps", lambda: _maps(one), ()),
        records=records,
        stack=stack,
        unknown=tuple(unknown),
    )


def _is_there(process: Process) -> bool:
    return not process.start or layout.is_alive(process.pid, process.start)


def _environ(
    one: psutil.Process, process: Process, run: Run
) -> tuple[tuple[str, str | None, str | None], ...]:
    """The variables that it was started with and its parent was not, and the other way."""
    here = one.environ()
    parents = [each for each in run.processes if each.key == process.parent and each.alive]
    above = psutil.Process(parents[0].pid if parents else one.ppid()).environ()
    names = sorted({*here, *above} - {VARIABLE})
    return tuple(
        (name, here.get(name), above.get(name))
        for name in names
        if here.get(name) != above.get(name)
    )


def _descriptors(one: psutil.Process, run: Run) -> tuple[Descriptor, ...]:
    """Its open descriptors, and which processes of the run have the same or its other end."""
    own = open_files(one.pid)
    if own is None:
        raise psutil.AccessDenied(one.pid)
    wanted = {target: (target, "") for _, target, _ in own if target.startswith(SHARED)}
    wanted |= _other_ends([target for target in wanted if target.startswith("socket:")])
    others: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for other in run.processes:
        if other.alive and other.pid != one.pid:
            for _, target, end in open_files(other.pid) or ():
                if target in wanted:
                    own_target, other_end = wanted[target]
                    others[own_target][other.name, end or other_end] = None
    addresses = _addresses(one)
    return tuple(
        Descriptor(fd, addresses.get(fd, target), end, tuple(others.get(target, ())))
        for fd, target, end in own
    )


def _other_ends(own: list[str]) -> dict[str, tuple[str, str]]:
    """By the other end of each of these sockets: (this end, what to say of who has that)."""
    known = unix_sockets() if own else {}
    found = {}
    for target in own:
        one = known.get(proc_maps.inode_in(target))
        if one is not None and one.peer:
            found[f"socket:[{one.peer}]"] = (target, "other end")
    return found


def open_files(pid: int) -> list[tuple[int, str, str]] | None:
    """(number, what it is, "reads" or "writes" for the end of a pipe); None: refused."""
    above = f"/proc/{pid}/fd"
    try:
        numbers = sorted(int(name) for name in os.listdir(above))
    except OSError:
        return None
    found = []
    for number in numbers:
        path = f"{above}/{number}"
        try:
            target = os.readlink(path)
            mode = os.lstat(path).st_mode if target.startswith("pipe:") else 0
        except OSError:  # just closed
            continue
        end = "writes" if mode & stat.S_IWUSR else "reads" if mode else ""
        found.append((number, target, end))
    return found


def _addresses(one: psutil.Process) -> dict[int, str]:
    """Network sockets by their descriptor: `tcp 127.0.0.1:80 → 10.0.0.1:4431`."""
    found = {}
    for each in one.net_connections("inet"):
        here = ":".join(map(str, each.laddr))
        there = f" → {':'.join(map(str, each.raddr))}" if each.raddr else ""
        found[each.fd] = f"{each.type.name[5:].lower()} {here}{there} {each.status.lower()}"
    return found


def _maps(one: psutil.Process) -> tuple[tuple[str, int], ...]:
    """What takes most of its memory, and the rest as one."""
    maps = sorted(one.memory_maps(grouped=True), key=lambda each: -each.rss)
    found = [(str(each.path), int(each.rss)) for each in maps[:MAPS]]
    rest = sum(int(each.rss) for each in maps[MAPS:])
    if rest:
        found.append((f"{len(maps) - MAPS} more", rest))
    return tuple(found)
