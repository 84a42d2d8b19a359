"""All descriptors of this process are in use: what they are, told once.

By then nothing can be opened: no module either, so this one is loaded with multiprocessing.
Where the limit is below the numbers of our own descriptors, giving one back helps nobody.
"""

from __future__ import annotations

import errno
import gc
import os

from mpdebug.agent import encode, guard, process
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PACKAGES = ("multiprocessing.", "multiprocess.", "billiard.")
FINISHED = "sentinels of finished Process objects"
RUNNING = "sentinels of running Process objects"
ENDS = "ends of pipes of multiprocessing (Connection, Queue)"
SEGMENTS = "SharedMemory objects"

MOST = 100_000
"""Numbers that are looked at."""

told = False


def note(error: BaseException, where: str = "", *, ends: bool = False) -> None:
    """If it is for want of descriptors that something failed: write down what has them all.

    Args:
        error: what was raised.
        where: `file:line`; default: where the program is.
        ends: it is what ends this process, and that may be all that we can say of its end.
    """
    global told  # noqa: PLW0603
    here = process.here
    if here is None or not isinstance(error, OSError):
        return
    if error.errno not in (errno.EMFILE, errno.ENFILE) or (told and not ends):
        return
    with guard.quiet:
        if not told:
            process.on_fork.append(_again)
        told = True
        here.records.close()  # opened again when there is something to write
        limit = os.sysconf("SC_OPEN_MAX")
        where = where or guard.where(2)
        said = {"message": encode.safe_str(error), "ends": ends}
        kinds = _kinds(here, limit)
        here.event(layout.EV_DESCRIPTORS, limit=limit, kinds=kinds, where=where, **said)


def _kinds(here: process.Agent, limit: int) -> dict[str, int]:
    """What has them, the most first."""
    owners = dict(_owners())
    kinds: dict[str, int] = {}
    for number in range(min(limit, MOST)):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:  # not open
            continue
        kind = owners.get(number) or _kind(target, here)
        kinds[kind] = kinds.get(kind, 0) + 1
    kinds.pop("", None)
    return dict(sorted(kinds.items(), key=lambda one: -one[1])[:12])


def _again() -> None:
    global told  # noqa: PLW0603
    told = False


def _kind(target: str, here: process.Agent) -> str:
    if target.startswith(here.settings.run):
        return ""  # ours
    head, colon, _ = target.partition(":")
    if colon and head in ("pipe", "socket", "anon_inode"):
        return target.partition(":")[2].strip("[]") if head == "anon_inode" else head
    return target


def _owners() -> Iterator[tuple[int, str]]:
    """(descriptor, what has it) of objects of multiprocessing's."""
    for one in gc.get_objects():
        kind = type(one)
        if not str(getattr(kind, "__module__", "")).startswith(PACKAGES):
            continue
        with guard.quiet:
            if kind.__name__ == "Popen":
                what = RUNNING if one.returncode is None else FINISHED
                for fd in (getattr(one, "sentinel", -1), *_numbers(one)):
                    yield fd, what
            elif kind.__name__ == "Connection" and one._handle is not None:  # noqa: SLF001
                yield one._handle, ENDS  # noqa: SLF001
            elif kind.__name__ == "SharedMemory":
                yield one._fd, SEGMENTS  # noqa: SLF001


def _numbers(popen: Any) -> list[int]:
    """The descriptors that it closes at its end."""
    arguments = getattr(getattr(popen, "finalizer", None), "_args", ())
    return [one for one in arguments if type(one) is int]
