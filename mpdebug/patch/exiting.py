"""The exit of a process that uses multiprocessing: it waits for children and queues there."""

from __future__ import annotations

import atexit
import sys

from mpdebug.agent import guard, process
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
    """After multiprocessing.util: tell when its exit function begins.

    It is called by atexit (ours is registered after it, so it runs just before), and by
    `_bootstrap` in a child.
    """
    package = module.__name__.rpartition(".")[0]
    atexit.register(_begins, package)

    def wrapper(original: Any) -> Any:
        def _exit_function(*args: Any, **kwargs: Any) -> Any:
            _begins(package)
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                guard.drop_frame(error)
                raise

        return _exit_function

    registry.wrap(module, "_exit_function", wrapper)


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
