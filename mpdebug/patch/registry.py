"""What we changed in foreign modules, so that all of it can be taken out again.

One small function a patch; each sets its wrappers through `put`, which keeps the original. A
second install is harmless: an attribute that already is ours is left as it is. Two modules of
this folder may wrap the same attribute for different ends: one wrapper stands in the other.
"""

from __future__ import annotations

from mpdebug.agent import guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MISSING = object()
changed: list[tuple[Any, str, Any, Any]] = []
"""(owner, name, original, ours), in the order of the changes."""

places: set[tuple[int, str]] = set()
"""(id of the owner, name) of each of them; `changed` keeps the owners alive."""

layers: set[tuple[int, str, str]] = set()
"""(id of the owner, name, module of ours) of what `wrap` has replaced."""

undone: list[Callable[[], None]] = []
"""What else an uninstall has to do."""


def put(owner: Any, name: str, ours: Any) -> None:
    """Set an attribute of a foreign module or class and remember what it was."""
    if not is_ours(owner, name):
        _change(owner, name, ours)


def _change(owner: Any, name: str, ours: Any) -> None:
    original = owner.__dict__.get(name, MISSING)
    setattr(owner, name, ours)
    changed.append((owner, name, original, ours))
    places.add((id(owner), name))
    if guard.categories:
        guard.debug("patch", f"{getattr(owner, '__name__', owner)}.{name}")


def wrap(owner: Any, name: str, make: Callable[[Any], Any]) -> Any:
    """Replace `owner.name` by `make(original)`, if it is there; returns the original or None.

    The wrapper takes over the names of the original, so that pickling by name, `repr` and
    `inspect.signature` answer as before. Once for each module of ours that asks.
    """
    original = owner.__dict__.get(name)
    layer = id(owner), name, make.__module__
    if original is None or layer in layers:
        return None
    layers.add(layer)
    _change(owner, name, look_alike(make(original), original))
    return original


def noting(
    note: Callable[[Any, Any, Any], None],
    failed: Callable[[BaseException], None] | None = None,
) -> Callable[[Any], Any]:
    """A maker of wrappers for methods that are called as ever, and then noted.

    Args:
        note: called with the object, the arguments and the keywords, unless the method raised.
        failed: called with what it raised.
    """

    def make(original: Any) -> Any:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                result = original(self, *args, **kwargs)
            except BaseException as error:
                guard.drop_frame(error)
                if failed is not None:
                    failed(error)
                raise
            with guard.quiet:
                note(self, args, kwargs)
            return result

        return method

    make.__module__ = note.__module__  # whose layer it is
    return make


def wrap_os(name: str, make: Callable[[Any], Any]) -> Any:
    """Replace a function of `os`, in `os` and in the C module that it comes from.

    Pickle looks a built-in up as `posix.NAME`: `Process(target=os._exit)` must keep working
    under spawn. `os.supports_fd` and its like hold the functions themselves.
    """
    import os  # noqa: PLC0415 - the module object itself, not ours of that name
    import sys  # noqa: PLC0415

    home = sys.modules.get(os.name)
    original = getattr(os, name, None)
    if original is None or is_ours(os, name):
        return None
    ours = look_alike(make(original), original)
    put(os, name, ours)
    if home is not None and home.__dict__.get(name) is original:
        put(home, name, ours)
    for group in (os.supports_fd, os.supports_dir_fd, os.supports_effective_ids):
        if original in group:
            group.add(ours)
            undone.append(lambda group=group: group.discard(ours))  # type: ignore[misc]
    return original


NAMES: tuple[str, ...] = ("__module__", "__name__", "__qualname__", "__doc__")


def look_alike(ours: Any, original: Any) -> Any:
    """Give a wrapper the names of what it wraps."""
    names = NAMES
    if isinstance(original, type(len)):  # or one of ours
        ours = _Builtin(ours)
        names = (*NAMES, "__self__", "__text_signature__")
    for name in names:
        value = getattr(original, name, None)
        if value is not None:
            setattr(ours, name, value)
    ours.__wrapped__ = original
    return ours


class _Builtin:
    """A function as an object that does not become a method.

    `class Handle: close = os.close` calls it without `self`, as built-in functions are called.
    A slot holds the function, so that no frame stands between the caller and it.
    """

    __slots__ = ("__call__", "__dict__", "__weakref__")

    def __init__(self, ours: Any) -> None:
        self.__call__ = ours

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What `isinstance` is told: inspect, pydoc and typing ask it."""
        return type(len)

    def __reduce__(self) -> Any:
        return self.__dict__["__qualname__"]  # pickled by name

    def __repr__(self) -> str:
        return repr(self.__dict__["__wrapped__"])


_Builtin.__name__ = _Builtin.__qualname__ = "builtin_function_or_method"
_Builtin.__module__ = "builtins"


def is_ours(owner: Any, name: str) -> bool:
    """Whether this attribute is already replaced."""
    return (id(owner), name) in places


def undo_all() -> None:
    """Put every original back, the last change first.

    An attribute that somebody replaced after us is left to them: they call ours, and ours
    does nothing any more once there is no agent.
    """
    while changed:
        owner, name, original, ours = changed.pop()
        places.discard((id(owner), name))
        if owner.__dict__.get(name) is not ours:
            continue
        if original is MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, original)
    layers.clear()
    while undone:
        undone.pop()()
