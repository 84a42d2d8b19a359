"""Semaphores and shared memory in /dev/shm that nobody has any more, and taking them away.

A tree of processes that is killed as a whole, its resource tracker too, leaves them for ever.
Whether anybody has a file is asked of the kernel, by a lease: what /proc tells is by inode (who
made a named semaphore maps it under another, deleted name), and not of every process.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import re
import signal
import stat
from typing import TYPE_CHECKING

from mpdebug.model_shared import FREE, IN_USE, SEGMENT, SEMAPHORE, UNSURE, Holder, Kept
from mpdebug.observer import proc_maps
from mpdebug.observer.labels import Labels
from mpdebug.observer.shared import SEM, SHM
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from mpdebug.model import Run
    from mpdebug.model_shared import Label

MADE = re.compile(r"sem\.mp-[a-z0-9_]{8}$|sem\.loky-\d+-[a-z0-9_]+$|psm_[0-9a-f]{8}$")
"""Names that multiprocessing and loky choose themselves."""

SLACK = 2.0
"""Seconds: when the machine was started is told in whole ones."""

F_SETSIG = getattr(fcntl, "F_SETSIG", 10)


def look(run: Run | None = None) -> list[Kept]:
    """What is in /dev/shm of this user's making, the oldest first.

    Args:
        run: only what the processes of this run made, also under names of the program's.

    Raises:
        OSError: there is no /dev/shm.
    """
    labels = _labels(run) if run is not None else {}
    files = []
    for name in os.listdir(SHM):
        try:
            status = os.lstat(SHM + name)
        except OSError:  # just unlinked
            continue
        ours = status.st_ino in labels if run is not None else MADE.match(name)
        if ours and stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
            files.append((name, status))
    held = _holders() if files else {}
    trackers = _trackers() if files and run is None else []
    lives = run is not None and any(one.alive for one in run.processes)
    found = [
        _settled(_kept(name, status, held, labels), trackers, lives=lives)
        for name, status in files
    ]
    return sorted((one for one in found if one.state), key=lambda one: one.modified_at)


def remove(one: Kept) -> bool:
    """Unlink it, if it still is that very file and nobody has it. Raises OSError.

    While we have the lease nobody can open it: who tries waits until the name is gone.
    """
    path = SHM + one.name
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        same = os.fstat(fd).st_ino == one.inode and os.lstat(path).st_ino == one.inode
        if not same or not _take(fd):
            return False
        os.unlink(path)
    finally:
        os.close(fd)
    return True


def _take(fd: int) -> bool:
    """Take the write lease of an open file: granted only if nobody else has it open or mapped.

    Not by name and not by /proc: the kernel counts all users of the file itself, those of
    other users and of other containers too. Raises OSError: it knows no leases here.
    """
    try:
        fcntl.fcntl(fd, F_SETSIG, signal.SIGURG)  # harmless, if one opens it meanwhile
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except BlockingIOError:
        return False
    return True


def _settled(one: Kept, trackers: list[tuple[float, int]], *, lives: bool) -> Kept:
    """Shared memory may be closed by all for a while, and opened again by its name.

    So it is left to a program that lives: to the run that made it, or to any resource tracker
    that was there before it.
    """
    if one.kind != SEGMENT or one.state != FREE:
        return one
    own = [pid for since, pid in trackers if since <= one.modified_at + SLACK]
    if lives:
        why = "its run lives, and may open it again"
    elif own:
        why = f"a living program may open it again (its resource tracker: pid {own[0]})"
    else:
        return one
    return dataclasses.replace(one, state=UNSURE, why=why)


def _trackers() -> list[tuple[float, int]]:
    """(since when, pid) of the resource trackers of this user that live."""
    found = []
    ticks = os.sysconf("SC_CLK_TCK")
    with open("/proc/stat", "rb") as file:
        boot = next(int(line.split()[1]) for line in file if line.startswith(b"btime"))
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                tracks = b"resource_tracker import main" in file.read()
        except OSError:
            continue
        start = layout.start_of(name) if tracks else None
        if start is not None:
            found.append((boot + start / ticks, int(name)))
    return found


def _state(name: str) -> tuple[str, str]:
    """(state, why) of a file."""
    try:
        fd = os.open(SHM + name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:  # just unlinked
        return "", ""
    except OSError as error:
        return UNSURE, f"it cannot be opened: {error.strerror}"
    try:
        return (FREE, "") if _take(fd) else (IN_USE, "")
    except OSError as error:
        return UNSURE, f"this kernel does not tell who has it: {error.strerror}"
    finally:
        os.close(fd)  # and with it the lease


def _holders() -> dict[int, list[Holder]]:
    """Inode of a file in /dev/shm → who maps it, as far as we may look."""
    held: dict[int, list[Holder]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        pid = int(name)
        try:
            inodes = set(_mapped(pid))
        except OSError:  # it has ended, or may not be looked at
            continue
        for inode in inodes:
            held.setdefault(inode, []).append(Holder(_command(pid), pid, "maps"))
    return held


def _mapped(pid: int) -> list[int]:
    return [one.inode for one in proc_maps.shared_maps(pid) if one.path.startswith(SHM)]


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "?"


def _labels(run: Run) -> dict[int, Label]:
    return {
        inode: label
        for label in Labels(run).all
        if label.what in (SEGMENT, SEMAPHORE)
        for inode in label.inodes
        if _is_it(label, inode)
    }


def _is_it(label: Label, inode: int) -> bool:
    """Whether the file of that name still is the one that was made: numbers are used again."""
    name = (SEM if label.what == SEMAPHORE else "") + label.name.lstrip("/")
    try:
        return bool(name) and os.lstat(SHM + name).st_ino == inode
    except OSError:
        return False


def _kept(
    name: str,
    status: os.stat_result,
    held: dict[int, list[Holder]],
    labels: dict[int, Label],
) -> Kept:
    state, why = _state(name)
    who = tuple(held.get(status.st_ino, ())) if state != FREE else ()
    if state == IN_USE and not who:
        why = "only open, or by a process that may not be looked at"
    return Kept(
        name=name,
        kind=SEMAPHORE if name.startswith(SEM) else SEGMENT,
        inode=status.st_ino,
        size=status.st_size,
        modified_at=min(status.st_mtime, status.st_ctime),
        state=state,
        why=why,
        holders=who,
        label=labels.get(status.st_ino),
    )
