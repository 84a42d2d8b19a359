"""multiprocessing's locks: who has them, since when, taken at which line.

    SemLock._make_methods   sets `acquire` and `release` of every lock, made here or rebuilt
                            here: ours are set instead, and a Record with them
    SemLock.__enter__, __exit__   go past those, so they are wrapped too
    SemLock.__setstate__    a lock of another process is rebuilt here
    Condition, Event, Queue   their inner semaphores belong to nobody: they get C's methods back

The first two are in `lock_records.py`, or in `lock_owners.py` with `--waits=owner`.
"""

from __future__ import annotations

import os

from mpdebug.agent import guard, process
from mpdebug.patch import lock_owners, lock_records, registry
from mpdebug.patch.dressed import RECORD
from mpdebug.patch.labels import SHM
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

INNER = {
    "Condition": ("_sleeping_count", "_woken_count", "_wait_semaphore"),
    "Event": ("_flag",),
    "Queue": ("_sem",),
    "JoinableQueue": ("_unfinished_tasks",),
    "SimpleQueue": (),
}
"""Class → its semaphores that count, and that nobody holds."""

LIGHT = ("_rlock", "_wlock")
"""The locks of a queue: each process that waits for an item waits with one in its hand."""


def patch(module: ModuleType) -> None:
    """Wrap the locks of multiprocessing.synchronize, .queues and kin."""
    here = process.here
    if here is None or here.settings.record == "off":
        return
    lock = module.__dict__.get("SemLock")
    if lock is not None and hasattr(lock, "_make_methods"):
        (lock_owners if here.settings.record == "owner" else lock_records).patch(module)
        registry.wrap(lock, "__setstate__", _rebuilt)
    for name, parts in INNER.items():
        owner = module.__dict__.get(name)
        if owner is not None:
            for method in ("__init__", "__setstate__"):
                registry.wrap(owner, method, _without(parts))
            if name == "Event":  # it is rebuilt by its attributes
                registry.put(owner, "__setstate__", _event_rebuilt)


def _without(parts: tuple[str, ...]) -> Any:
    """A maker of wrappers that give the inner semaphores of an object C's methods back."""

    def note(made: Any, _args: Any, _kwargs: Any) -> None:
        undress(made, parts)

    return registry.noting(note)


def undress(owner: Any, parts: tuple[str, ...]) -> None:
    """Give semaphores C's own methods again: they cost what they always cost."""
    for name in LIGHT:
        if name in owner.__dict__:
            lock_owners.lighten(owner.__dict__[name])
    for name in parts:
        inner = owner.__dict__.get(name)
        if inner is not None and inner.__dict__.pop(RECORD, None) is not None:
            inner.acquire = inner._semlock.acquire  # noqa: SLF001
            inner.release = inner._semlock.release  # noqa: SLF001


def _event_rebuilt(self: Any, state: Any) -> None:
    self.__dict__.update(state)
    with guard.quiet:
        undress(self, INNER["Event"])


def _rebuilt(original: Any) -> Any:
    def __setstate__(self: Any, state: Any) -> Any:  # noqa: N807
        try:
            result = original(self, state)
        except BaseException as error:
            guard.drop_frame(error)
            with guard.quiet:
                if isinstance(error, FileNotFoundError):
                    _tell(layout.EV_UNOPENED, self, state, error=guard.where())
            raise
        with guard.quiet:
            name = state[3] if len(state) > 3 else ""  # noqa: PLR2004
            inode = os.stat(f"{SHM}/sem.{name[1:]}").st_ino if name else 0
            _tell(layout.EV_OPENED, self, state, address=self._semlock.handle, inode=inode)
        return result

    return __setstate__


def _tell(kind: str, lock: Any, state: Any, **fields: Any) -> None:
    if process.here is not None:
        name = state[3] if len(state) > 3 else ""  # noqa: PLR2004
        process.here.event(kind, name=name, lock=type(lock).__name__, **fields)
