"""Whether this thread has anything locked: what it reads and writes then is its own affair.

Asked only where a read and a write were seen in one line, once a place. C knows of each lock
whether this thread has it; what has to be known here is which locks there are: those that were
made here are in multiprocessing's own list for forks, those that came by pickle are noted.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from _weakref import ref

from mpdebug.agent import process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

MOST = 1000
arrived: list[ref[Any]] = []
"""Locks that were handed to this process."""

signals: dict[int, ref[Any]] = {}
"""Semaphores by which a Condition passes words: a thread that notified seems to have them."""

remote: dict[tuple[int, Any], int] = {}
"""(thread, object in a manager) → how often that thread has it locked."""


def patch(module: ModuleType) -> None:
    """Note the locks that are unpickled (multiprocessing.synchronize and kin)."""
    if process.records_waits():
        registry.wrap(module.SemLock, "__setstate__", registry.noting(_arrived))
        for name in ("__init__", "__setstate__"):
            registry.wrap(module.Condition, name, registry.noting(_has_signals))


def _arrived(lock: Any, _args: Any, _kwargs: Any) -> None:
    if len(arrived) < MOST:
        arrived.append(ref(lock))


def _has_signals(condition: Any, _args: Any, _kwargs: Any) -> None:
    if len(signals) < MOST:
        for name in ("_sleeping_count", "_woken_count", "_wait_semaphore"):
            one = getattr(condition, name)
            signals[id(one)] = ref(one)


def took(thing: Any) -> None:
    """This thread has locked a manager's lock."""
    key = get_ident(), thing
    remote[key] = remote.get(key, 0) + 1


def gave(thing: Any) -> None:
    """And has released it."""
    key = get_ident(), thing
    left = remote.pop(key, 0) - 1
    if left > 0:
        remote[key] = left


def by_this_thread() -> bool:
    """Whether it has any lock or semaphore of multiprocessing, or of a manager."""
    own = get_ident()
    if any(thread == own for thread, _ in tuple(remote)):
        return True
    return any(_is_mine(lock) for lock in _known())


def _known() -> list[Any]:
    found = [lock for one in tuple(arrived) if (lock := one()) is not None]
    for package in ("multiprocessing", "multiprocess", "billiard"):
        util = sys.modules.get(f"{package}.util")
        if util is not None:
            found += getattr(util, "_afterfork_registry", {}).values()
    return found


def _is_mine(lock: Any) -> bool:
    signal = signals.get(id(lock))
    if signal is not None and signal() is lock:
        return False
    inner = getattr(lock, "_semlock", None)
    return inner is not None and bool(inner._is_mine())  # noqa: SLF001
