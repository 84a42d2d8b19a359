"""faulthandler answers as without us: it is off until the program turns it on.

Where the program does, its file gets the stack of a crash, in forked children too; where it
turns it off again, ours comes back. A signal that it registers is its own from then on.
"""

from __future__ import annotations

import faulthandler
import os

from mpdebug.agent import faults, guard, nudge, process
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def patch() -> None:
    """Wrap what turns faulthandler on and off, for fatal errors and for signals."""
    registry.wrap(faulthandler, "enable", _enable)
    registry.wrap(faulthandler, "disable", _disable)
    registry.wrap(faulthandler, "is_enabled", _is_enabled)
    registry.wrap(faulthandler, "register", _register)
    registry.wrap(faulthandler, "unregister", _unregister)


def _enable(original: Any) -> Any:
    def enable(*args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            if faults.left_to_program() and process.here is not None:
                process.here.tell_who(faults="program")
        return result

    return enable


def _disable(original: Any) -> Any:
    def disable(*args: Any, **kwargs: Any) -> Any:
        if faults.ours and not args and not kwargs:
            return False
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            here = process.check_fork()
            if here is not None:
                here.tell_who(faults=faults.enable(os.path.join(here.path, layout.FAULTS)))
        return result

    return disable


def _is_enabled(original: Any) -> Any:
    def is_enabled(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs) and not faults.ours
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return is_enabled


def _register(original: Any) -> Any:
    def register(*args: Any, **kwargs: Any) -> Any:
        nudge.take_back(args[0] if args else kwargs.get("signum"))
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return register


def _unregister(original: Any) -> Any:
    def unregister(*args: Any, **kwargs: Any) -> Any:
        if args and args[0] and args[0] in (faults.number, faults.quit_key):
            return False
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return unregister
