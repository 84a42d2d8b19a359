"""Counts that hold over all processes of a run: which hit of a breakpoint is this one?

A hit appends one byte to `<run>/counts/<key>`; where the descriptor then stands is its number.
The kernel appends under the file's own lock and sets the position of the descriptor that
wrote, so each number is given out once, without a lock of ours and without anybody to ask.
A descriptor must never be shared for that: not by threads (each takes one off a list), and
not with a forked child (which drops what it inherited).

How many may stand at a time is kept by POSIX record locks on `<run>/counts/<key>+slots`: the
kernel takes them back when a process dies, and a forked child has none of its parent's.
Nothing here raises OSError: what cannot be counted is as if this process were alone.
"""

from __future__ import annotations

import os
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, lockf
from os import SEEK_CUR

from mpdebug.agent import guard
from mpdebug.agent.descriptors import LineFile
from mpdebug.real import Real
from mpdebug.rundir import layout

KEPT = 64
"""Keys whose descriptors stay open; a program may make a key for each item it works on."""

SETTLED = 10_000
"""Keys of which we remember that nothing can change any more."""

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
LONGEST = 200

owner = Real.getpid()
"""Whose descriptors these are; a fork from C tells nobody."""

free: dict[tuple[str, str], list[LineFile]] = {}
"""(run, key) → descriptors that no thread uses at the moment."""

slots: dict[tuple[str, str], LineFile] = {}
"""(run, key) → the one descriptor of its slots: closing another would give all locks back."""

held: dict[tuple[str, str, int], Slot] = {}
"""(run, key, slot) → who of our own threads has it: among themselves they share the locks."""

settled: dict[tuple[object, ...], bool] = {}
"""A breakpoint and its policy → what each later hit does, where that cannot change any more."""

alone: dict[tuple[str, str], int] = {}
"""(run, key) → hits in this process that could not be counted over all of them."""


def safe_name(key: str) -> str:
    """A key as the name of a file; different keys have different names."""
    name = "".join([char if char in PLAIN else f"%{ord(char):02X}" for char in key])
    if name.startswith(".") or not name:
        name = "%2E" + name[1:]
    if len(name) > LONGEST:
        digest = int.from_bytes(key.encode("utf-8", "surrogatepass"), "big") % (2**127 - 1)
        name = f"{name[-LONGEST // 2 :]}~{digest:x}"
    return name


def file_of(run: str, key: str, suffix: str = "") -> LineFile:
    """The file of a key, not yet open; its folder is made when it is needed first."""
    folder = f"{run}/{layout.COUNTS}"
    if not os.path.isdir(folder):
        try:
            Real.mkdir(folder, 0o700)
        except OSError as error:  # another process was first; or opening the file will tell
            if guard.is_from_outside(error):
                raise
            guard.debug("counts", f"{folder} was not made")
    return LineFile(f"{folder}/{safe_name(key)}{suffix}", layout.TEXT_CAP)


def forked() -> None:
    """Drop what was inherited from the process that forked us, if we are a child."""
    global owner  # noqa: PLW0603
    pid = Real.getpid()
    if pid == owner:
        return
    owner = pid
    files = [file for kept in free.values() for file in kept]
    files += slots.values()  # to close them here leaves the parent's locks alone
    free.clear()
    slots.clear()
    held.clear()
    for file in files:
        file.close()


def ticket(run: str, key: str) -> int:
    """The number of this hit over all processes: 1, 2, 3 …; 0 if it cannot be counted."""
    forked()
    kept = free.get((run, key))
    if kept is None:
        kept = free.setdefault((run, key), []) if len(free) < KEPT else []
    try:
        file = kept.pop()
    except IndexError:  # the first hit, or another thread has it, or we interrupted ourselves
        file = file_of(run, key)
    number = 0
    try:
        file.looked = 0  # a hit is seldom: each write is to what it was
        if file.write(b"."):
            file.size = number = Real.lseek(file.fd, 0, SEEK_CUR)
    except OSError as error:  # another thread of the program has closed it meanwhile
        if guard.is_from_outside(error):
            raise
        number = 0
    if free.get((run, key)) is kept:
        kept.append(file)
    else:
        file.close()
    return number


def count_alone(run: str, key: str) -> int:
    """The number of this hit in this process, for when it has no ticket."""
    number = alone[run, key] = alone.get((run, key), 0) + 1
    return number


class Slot:
    """One of the places at which a process may stand; `index` -1: it is not kept anywhere."""

    __slots__ = ("index", "key", "run")

    def __init__(self, run: str, key: str, index: int) -> None:
        self.run = run
        self.key = key
        self.index = index


def take(run: str, key: str, limit: int) -> Slot | None:
    """One of `limit` places over all processes, or None: they are taken.

    It is free again after `give`, or when this process dies. Where it cannot be kept (disk
    full, no locks on this file system) there is always one.
    """
    forked()
    file = slots.get((run, key))
    if file is None:
        file = slots.setdefault((run, key), file_of(run, key, "+slots"))
    if not (file.is_ours() or file.open()):
        return Slot(run, key, -1)
    for index in range(limit):
        slot = Slot(run, key, index)
        if held.setdefault((run, key, index), slot) is not slot:
            continue
        try:
            lockf(file.fd, LOCK_EX | LOCK_NB, 1, index)
        except (BlockingIOError, PermissionError):  # another process stands there
            held.pop((run, key, index), None)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            held.pop((run, key, index), None)
            return Slot(run, key, -1)
        else:
            return slot
    return None


def give(slot: Slot | None) -> None:
    """Give a place back. A forked child, and who has none, may call it too: nothing happens."""
    forked()
    if slot is None or held.get((slot.run, slot.key, slot.index)) is not slot:
        return
    file = slots.get((slot.run, slot.key))
    if file is not None and file.is_ours():
        try:
            lockf(file.fd, LOCK_UN, 1, slot.index)
        except OSError as error:  # closed under our hands: that gave it back
            if guard.is_from_outside(error):
                raise
            guard.debug("counts", f"no lock on {file.path}")
    held.pop((slot.run, slot.key, slot.index), None)  # last: another thread may take it now


class Turn:
    """A hit to stop at: its `number` over all processes, the `slot` to `give` afterwards."""

    __slots__ = ("number", "slot")

    def __init__(self, number: int, slot: Slot | None) -> None:
        self.number = number
        self.slot = slot


def wanted(
    run: str, key: str, *, once: bool = False, every: int = 0, after: int = 0, limit: int = 0
) -> Turn | None:
    """Whether this hit of the breakpoint `key` is one to stop at; None: pass by.

    Args:
        run: path of the run folder.
        key: what is counted together, over all processes.
        once: only the first of the hits that the others let through.
        every: only each so-many-th hit; 0 and 1: each.
        after: the first so many hits pass by, and do not count for `every`.
        limit: at most so many stand at a time; who comes then passes by. 0: any number.

    The caller says `give(turn.slot)` when the stop is over. Where hits cannot be counted over
    all processes, this process counts for itself.
    """
    number = 0
    policy = (run, key, once, every, after)
    answer = settled.get(policy)
    if answer is None and (once or every > 1 or after > 0):
        number = ticket(run, key)
        counted = number or count_alone(run, key)
        answer = _is_turn(counted - after, policy, once=once, every=max(every, 1))
    if answer is False:
        return None
    if limit <= 0:
        return Turn(number, None)
    slot = take(run, key, limit)
    return Turn(number, slot) if slot is not None else None


def _is_turn(number: int, policy: tuple[object, ...], *, once: bool, every: int) -> bool:
    """Whether a hit, counted from the end of `after`, is one to stop at."""
    last = once and number >= every
    if (last or (not once and every == 1 and number > 0)) and len(settled) < SETTLED:
        settled[policy] = not once
    return number == every if once else number > 0 and number % every == 0
