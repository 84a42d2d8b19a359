"""`breakpoint()` and `pdb.set_trace()` in every observed process come to us.

In a worker plain pdb reads a null stdin: up to 3.13 that fails the task with BdbQuit, and from
3.14 on it ends the worker and the Pool waits for ever. What the program or the person put into
their place (sys.breakpointhook, PYTHONBREAKPOINT) is left alone.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import guard, loading, process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType, TracebackType
    from typing import Any

CHOSEN = "PYTHONBREAKPOINT"


def patch_sys() -> None:
    """Take sys.breakpointhook where it is Python's own, and nobody chose another debugger.

    A debugger that is called through ours would stop in our frame.
    """
    if sys.breakpointhook is sys.__breakpointhook__ and not os.environ.get(CHOSEN):
        registry.put(sys, "breakpointhook", hook)


def hook(*args: Any, **kwargs: Any) -> Any:
    """What `breakpoint()` calls."""
    if os.environ.get(CHOSEN) or process.check_fork() is None:
        return sys.__breakpointhook__(*args, **kwargs)  # noqa: T100 - Python's own
    stops = loading.stops()
    header = kwargs.get("header")
    if stops is not None:
        stops.stop(
            sys._getframe(1),  # noqa: SLF001
            "breakpoint",
            header=header if isinstance(header, str) else "",
            commands=_commands(kwargs.get("commands")),
        )
    return None


def patch(module: ModuleType) -> None:
    """Wrap pdb.set_trace, pdb.post_mortem and pdb.pm."""
    registry.wrap(module, "set_trace", _set_trace)
    registry.wrap(module, "post_mortem", _post_mortem)


def _set_trace(_: Any) -> Any:
    def set_trace(*, header: str | None = None, commands: Iterable[str] | None = None) -> Any:
        if process.check_fork() is None:
            # the original takes its caller: this function
            return sys.modules["pdb"].Pdb().set_trace(_outside(sys._getframe(1)))  # noqa: SLF001
        stops = loading.stops()
        if stops is not None:
            stops.stop(
                sys._getframe(1),  # noqa: SLF001
                "breakpoint",
                header=header or "",
                commands=_commands(commands),
            )
        return None

    return set_trace


def _post_mortem(original: Any) -> Any:
    def post_mortem(t: Any = None) -> Any:
        if process.check_fork() is None:
            return original(t)
        error = t if isinstance(t, BaseException) else None
        if t is None:
            error = sys.exc_info()[1]
        traceback: TracebackType | None = error.__traceback__ if error is not None else t
        if traceback is None:
            return original(t)  # which says what is wrong
        stops = loading.stops()
        if stops is not None:
            stops.stop(None, "post_mortem", error=error, traceback=traceback)
        return None

    return post_mortem


def _outside(frame: Any) -> Any:
    """The caller of `breakpoint()`, where Python's own hook was called by ours."""
    while frame.f_back is not None and frame.f_code.co_filename.startswith(guard.OURS):
        frame = frame.f_back
    return frame


def _commands(given: Any) -> list[str] | None:
    return [str(each) for each in given] if given else None
