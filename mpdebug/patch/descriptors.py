"""Watch the program close or reuse descriptors that are ours.

The one that faulthandler has is written to by a signal handler in C, long after it may have
become a socket, and nothing can check it then. Our other descriptors are compared by device and
inode, but not before each write (`agent/descriptors.py`).
"""

from __future__ import annotations

from mpdebug.agent import descriptors, faults, guard, process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def patch_os() -> None:
    """Wrap os.close, os.closerange and os.dup2."""
    registry.wrap_os("close", _close)
    registry.wrap_os("closerange", _closerange)
    registry.wrap_os("dup2", _dup2)


def _lose(low: int, high: int) -> None:
    """The program is about to close or reuse descriptors low to high-1."""
    faults.lose(low, high)
    if process.here is not None:
        process.here.distrust(low, high)


def _close(original: Any) -> Any:
    def close(*args: Any, **kwargs: Any) -> Any:
        fd = args[0] if args else kwargs.get("fd")
        if type(fd) is int and fd >= descriptors.lowest:
            with guard.quiet:
                _lose(fd, fd + 1)
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return close


def _closerange(original: Any) -> Any:
    def closerange(*args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            if len(args) == 2:  # noqa: PLR2004
                _lose(args[0], args[1])
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return closerange


def _dup2(original: Any) -> Any:
    def dup2(*args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            fd = args[1] if len(args) > 1 else kwargs.get("fd2")
            if type(fd) is int and fd >= descriptors.lowest:
                _lose(fd, fd + 1)
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return dup2
