"""`--mp-log LEVEL`: turn multiprocessing's own logger on."""

from __future__ import annotations

from mpdebug.agent import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

LEVELS = {"subdebug": 5, "debug": 10, "info": 20, "warning": 30, "subwarning": 25, "error": 40}


def patch(module: ModuleType) -> None:
    """After multiprocessing.util: its logger's level."""
    here = process.here
    if here is not None and here.settings.mp_log:
        module.get_logger().setLevel(LEVELS[here.settings.mp_log])
