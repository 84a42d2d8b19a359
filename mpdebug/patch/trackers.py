"""Shared memory that the program takes out of the resource tracker's care by its own hand."""

from __future__ import annotations

from mpdebug.agent import guard, process
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def patch(module: ModuleType) -> None:
    """Wrap `unregister` (multiprocessing.resource_tracker and kin)."""
    registry.wrap(module, "unregister", _unregister)


def _unregister(original: Any) -> Any:
    def unregister(*args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if process.here is not None and len(args) > 1 and args[1] == "shared_memory":
            process.here.event(layout.EV_REMARK, what="untracked", name=args[0])
        return result

    return unregister
