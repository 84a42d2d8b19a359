"""`--mp-log LEVEL`: turn multiprocessing's own logger on; and say goodbye before the joins."""

from __future__ import annotations

import atexit

from mpdebug.agent import goodbye, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

LEVELS = {"subdebug": 5, "debug": 10, "info": 20, "warning": 30, "subwarning": 25, "error": 40}


def patch(module: ModuleType) -> None:
    """After multiprocessing.util: its logger's level, and our look at the exception.

    multiprocessing joins its children in an atexit function. Ours is registered after it, so
    it runs before: an uncaught exception of the main program is told at once, not when the
    children that it may wait for without end have ended.
    """
    atexit.register(goodbye.note_uncaught)
    here = process.here
    if here is not None and here.settings.mp_log:
        module.get_logger().setLevel(LEVELS[here.settings.mp_log])
