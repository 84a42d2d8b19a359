"""Where the things that processes share were made: a line in `events` for each, at its making.

Nothing is added to their use. A lock of the fork method has no name and its file is gone at
once: what tells it is the address where it is mapped, the same in every forked child. All
other things are told by the inode of their file, which is the same in every process.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import encode, guard, process, used_up
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

SHM = "/dev/shm"  # noqa: S108 - where named semaphores are, not a place for files of ours


def patch(module: ModuleType) -> None:
    """Wrap the makers in multiprocessing's shared_memory, heap, synchronize, … and kin."""
    for kind, method, note in (
        ("SharedMemory", "__init__", _segment),
        ("SharedMemory", "unlink", _unlinked),
        ("Arena", "__init__", _arena),
        ("SemLock", "__init__", _semaphore),
        ("Barrier", "__init__", _barrier),
        ("BaseManager", "start", _manager),
    ):
        owner = getattr(module, kind, None)
        if owner is not None and getattr(owner, "__module__", "") == module.__name__:
            registry.wrap(owner, method, registry.noting(note, used_up.note))
    if hasattr(module, "Pipe") and module.__name__.endswith(".connection"):
        registry.wrap(module, "Pipe", _pipes)


def _pipes(original: Any) -> Any:
    def pipe(*args: Any, **kwargs: Any) -> Any:
        try:
            ends = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            used_up.note(error)
            raise
        if process.here is not None:
            with guard.quiet:
                inodes = sorted({os.fstat(end.fileno()).st_ino for end in ends})
                _tell("socket pair" if len(inodes) > 1 else "pipe", inodes=inodes)
        return ends

    return pipe


def _segment(made: Any, _args: Any, _kwargs: Any) -> None:
    inode = os.fstat(made._fd).st_ino  # noqa: SLF001
    name, size = made._name, made._size  # noqa: SLF001
    tracker = _tracker(made)
    if made._flags & os.O_EXCL:  # noqa: SLF001 - set where create=True
        _tell("shared memory", name=name, lock=type(made).__name__, size=size, inodes=[inode],
              tracker=tracker)  # fmt: skip
    elif tracker and process.here is not None:
        where = guard.where(2)
        process.here.event(
            layout.EV_ATTACHED, name=name, inode=inode, tracker=tracker, where=where
        )


def _tracker(made: Any) -> int:
    """Which resource tracker will unlink it at its end: the inode of the pipe to it; 0: none.

    A child of multiprocessing has that of its parent; any other process starts one of its own.
    """
    if not getattr(made, "_track", True):  # 3.13 and newer
        return 0
    package = type(made).__init__.__module__.partition(".")[0]
    module = sys.modules.get(f"{package}.resource_tracker")
    fd = getattr(getattr(module, "_resource_tracker", None), "_fd", None)
    return os.fstat(fd).st_ino if fd is not None else 0


def _unlinked(made: Any, _args: Any, _kwargs: Any) -> None:
    if process.here is not None:
        process.here.event(layout.EV_UNLINKED, name=made._name, where=guard.where(2))  # noqa: SLF001


def _arena(made: Any, args: Any, kwargs: Any) -> None:
    if len(args) < 2 and kwargs.get("fd", -1) == -1:  # noqa: PLR2004 - else it is another's
        _tell("arena", size=made.size, inodes=[os.fstat(made.fd).st_ino])


def _semaphore(made: Any, _args: Any, _kwargs: Any) -> None:
    here = made._semlock  # noqa: SLF001
    inodes = []
    if here.name is not None:
        inodes = [os.stat(f"{SHM}/sem.{here.name[1:]}").st_ino]
    _tell(
        "semaphore",
        name=here.name or "",
        lock=type(made).__name__,
        address=here.handle,
        inodes=inodes,
    )


def _barrier(made: Any, _args: Any, _kwargs: Any) -> None:
    if process.here is not None:
        process.here.event(layout.EV_BARRIER, parties=made.parties, where=guard.where(2))


def _manager(made: Any, _args: Any, _kwargs: Any) -> None:
    server = made._process  # noqa: SLF001
    address = made._address  # noqa: SLF001 - a path, bytes, or (host, port)
    if isinstance(address, tuple):
        address = ":".join(map(str, address))
    _tell("manager", name=encode.safe_str(address), pid=server.pid, lock=type(made).__name__)


def _tell(what: str, **fields: Any) -> None:
    here = process.here
    if here is not None:
        frame = sys._getframe(2)  # noqa: SLF001
        here.event(layout.EV_MADE, what=what, call=_call(frame), where=guard.where(2), **fields)


def _call(frame: Any) -> str:
    """What the program called, that made it: "Queue", "Pool.map"; empty where not known."""
    said = ""
    while frame is not None:
        code = frame.f_code
        if not guard.is_ours_or_stdlib(code.co_filename):
            owner, _, name = said.rpartition(".")
            if name == "__init__":
                return owner
            return name if owner.endswith("Context") else said
        if not code.co_filename.startswith(guard.OURS):
            said = code.co_qualname
        frame = frame.f_back
    return ""
