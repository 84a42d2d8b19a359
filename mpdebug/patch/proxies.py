"""Proxies of a manager: see `d[k] += 1` with nothing locked, and copies that are fetched.

What a proxy returns is a copy. Where one is fetched that could be changed, the place is told,
once each: whether the line changes it is read in its source, by readers.
"""

from __future__ import annotations

import sys

from mpdebug.agent import guard, process
from mpdebug.patch import guarded, read_write, registry
from mpdebug.patch.watch import Watch
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, ModuleType
    from typing import Any

FETCHES = frozenset(("__getitem__", "get", "__getattribute__"))
STORES = {
    "__setitem__": "__getitem__", "__setattr__": "__getattribute__", "set": "get",
}  # fmt: skip
"""Method that writes → the one that reads the same."""
PLAIN = (int, str, float, bool, bytes, type(None), tuple, frozenset, complex)
SITES = 100
USES = 4000
"""So many calls are looked at; then they cost nothing more."""

watch = Watch(USES)

fetched: set[tuple[CodeType, int]] = set()
process.on_fork.append(fetched.clear)


def patch(module: ModuleType) -> None:
    """Wrap BaseProxy._callmethod, the one road of all proxies (multiprocessing.managers)."""
    if process.records_waits():
        original = module.BaseProxy._callmethod  # noqa: SLF001
        watch.put(
            module.BaseProxy,
            "_callmethod",
            registry.look_alike(_callmethod(original), original),
        )


def _callmethod(original: Any) -> Any:
    def _callmethod(self: Any, methodname: str, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, methodname, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if process.here is not None:
            with guard.quiet:
                watch.count()
                _look(self, methodname, args[0] if args else (), result)
        return result

    return _callmethod


def _look(proxy: Any, method: str, args: Any, result: Any) -> None:
    if method in FETCHES:
        frame = _caller(method)
        read_write.read(_thing(proxy, args), frame)
        if len(fetched) < SITES and not isinstance(result, PLAIN):
            _fetched(frame, result)
    elif method in STORES:
        read_write.wrote(_thing(proxy, args), _caller(method), lambda: _words(proxy, args))
    elif method == "acquire" and result:
        guarded.took(_thing(proxy, ()))
    elif method == "release":
        guarded.gave(_thing(proxy, ()))


def _caller(method: str) -> FrameType:
    """The frame that used the proxy: below it are ours and the proxy's own."""
    frame = sys._getframe(3)  # noqa: SLF001 - of who called _callmethod
    code = frame.f_code
    made = code.co_filename == "<string>" and code.co_name == method  # by MakeProxyType
    while frame.f_back is not None and (made or guard.is_ours_or_stdlib(code.co_filename)):
        frame = frame.f_back
        code, made = frame.f_code, False
    return frame


def _thing(proxy: Any, args: Any) -> tuple[Any, ...]:
    token = object.__getattribute__(proxy, "_token")
    key = args[0] if args and type(args[0]) in PLAIN else None
    return str(token.address), token.id, key


def _words(proxy: Any, args: Any) -> dict[str, Any]:
    token = object.__getattribute__(proxy, "_token")
    name = f"[{read_write.short(args[0])}]"
    if len(args) == 1:
        name = ".value"
    elif token.typeid == "Namespace":
        name = f".{args[0]}"
    address = token.address
    if isinstance(address, tuple):
        address = ":".join(map(str, address))
    thing = f"proxy:{address}/{token.id}"
    return {"what": f"manager's {token.typeid}", "name": name, "thing": thing}


def _fetched(frame: FrameType, result: Any) -> None:
    code, at = frame.f_code, frame.f_lasti
    if (code, at) in fetched or hasattr(type(result), "_callmethod"):
        return
    fetched.add((code, at))
    position = next((p for n, p in enumerate(code.co_positions()) if n == at // 2), None)
    here = process.here
    if here is not None and position is not None and None not in position:
        here.event(
            layout.EV_COPY_CHANGED,
            type=type(result).__name__,
            where=f"{code.co_filename}:{frame.f_lineno}",
            function=code.co_name,
            position=list(position),
        )
