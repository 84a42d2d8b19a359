"""Value and Array: see `v.value += 1` and `a[i] += 1` with nothing locked.

The first uses in a process are looked at, which a lock of multiprocessing makes slow anyhow;
then the originals are put back and it costs nothing. A ctypes structure's fields and what is
made with `lock=False` are not seen.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import guard, process
from mpdebug.patch import read_write, registry
from mpdebug.patch.watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

USES = 4000
"""So many reads and writes are looked at; a forked child counts anew."""


watch = Watch(USES)


def patch(module: ModuleType) -> None:
    """Wrap what reads and writes in multiprocessing.sharedctypes and kin."""
    if not process.records_waits():
        return
    value = module.Synchronized.__dict__.get("value")
    if isinstance(value, property):
        ours = property(_get(value.fget), _set(value.fset), value.fdel, value.__doc__)
        watch.put(module.Synchronized, "value", ours)
    array = module.SynchronizedArray
    for name, make in (("__getitem__", _getitem), ("__setitem__", _setitem)):
        original = array.__dict__.get(name)
        if original is not None:
            watch.put(array, name, registry.look_alike(make(original), original))


def _get(original: Any) -> Any:
    def get(self: Any) -> Any:
        try:
            value = original(self)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            watch.count()
            read_write.read((id(self), None), sys._getframe(1))  # noqa: SLF001
        return value

    return registry.look_alike(get, original)


def _set(original: Any) -> Any:
    def set(self: Any, value: Any) -> None:  # noqa: A001 - as the original is called
        with guard.quiet:
            watch.count()
            _wrote(self, None, sys._getframe(1))  # noqa: SLF001
        try:
            original(self, value)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return registry.look_alike(set, original)


def _getitem(original: Any) -> Any:
    def __getitem__(self: Any, i: Any) -> Any:  # noqa: N807 - takes its place
        try:
            value = original(self, i)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if type(i) is int:
            with guard.quiet:
                watch.count()
                read_write.read((id(self), i), sys._getframe(1))  # noqa: SLF001
        return value

    return __getitem__


def _setitem(original: Any) -> Any:
    def __setitem__(self: Any, i: Any, value: Any) -> None:  # noqa: N807 - takes its place
        if type(i) is int:
            with guard.quiet:
                watch.count()
                _wrote(self, i, sys._getframe(1))  # noqa: SLF001
        try:
            original(self, i, value)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return __setitem__


def _wrote(shared: Any, index: int | None, frame: Any) -> None:
    def describe() -> dict[str, Any]:
        what = "Value" if index is None else "Array"
        return {"what": what, "name": ".value" if index is None else f"[{index}]",
                "thing": _identity(shared)}  # fmt: skip

    read_write.wrote((id(shared), index), frame, describe)


def _identity(shared: Any) -> str:
    """The same in all processes: the file behind its memory, and where in it."""
    (arena, start, _), _ = shared.get_obj()._wrapper._state  # noqa: SLF001
    return f"arena:{os.fstat(arena.fd).st_ino}+{start}"
