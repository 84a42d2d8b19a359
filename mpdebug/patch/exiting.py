"""The exit of a process that uses multiprocessing: it waits for children and queues there."""

from __future__ import annotations

import atexit
import sys

from mpdebug.agent import goodbye, guard, process
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

MOST = 20

said: list[bool] = []
process.on_fork.append(said.clear)


def patch(module: ModuleType) -> None:
    """Wrap multiprocessing.util's exit function: tell when it begins.

    `_bootstrap` calls it in a child, and atexit in any other process, which was given the
    original when the module was made. A callback of our own beside it would be a place where
    a Ctrl-C is told as ignored that the program's own function should have had.
    """
    package = module.__name__.rpartition(".")[0]

    def wrapper(original: Any) -> Any:
        def _exit_function(*args: Any, **kwargs: Any) -> Any:
            try:
                _begins(package)
            except BaseException as error:  # of a signal's handler: as if it came just before
                error.__traceback__ = None
                raise
            try:
                result = original(*args, **kwargs)
            except BaseException as error:
                guard.drop_frame(error)
                raise
            queues: Any = sys.modules.get("mpdebug.patch.queues")
            if queues is not None:
                queues.tell_unread()
            return result

        return _exit_function

    original = registry.wrap(module, "_exit_function", wrapper)
    if original is not None:
        ours = _at_exit(module._exit_function)  # noqa: SLF001
        _exchange(original, ours)
        registry.undone.append(lambda: _exchange(ours, original))


def _at_exit(function: Any) -> Any:
    """For atexit: what ended the main script is told before the exit waits for anybody."""

    def _exit_function() -> None:
        try:
            with guard.Undisturbed():
                goodbye.note_uncaught()
        except BaseException as error:  # as above
            error.__traceback__ = None
            raise
        function()

    return registry.look_alike(_exit_function, function)


def _exchange(old: Any, new: Any) -> None:
    """Have atexit call another function, behind what was registered until now."""
    atexit.unregister(old)
    atexit.register(new)


def _begins(package: str) -> None:
    """Tell it where there is something to wait for: most children have nothing."""
    here = process.here
    if here is None or said:
        return
    with guard.quiet:
        known = sys.modules.get(f"{package}.process")
        children = [one.ident for one in getattr(known, "_children", ())]
        queues: Any = sys.modules.get("mpdebug.patch.queues")
        sending = [
            queue
            for one in (queues.feeding if queues is not None else ())
            if (queue := one()) is not None and not queue._joincancelled  # noqa: SLF001
        ]
        if children or sending:
            said.append(True)
            here.event(
                layout.EV_REMARK, what="exiting", children=children[:MOST], queues=len(sending)
            )
