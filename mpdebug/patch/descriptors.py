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


def _losing(original: Any, low: int, high: int, *args: Any, **kwargs: Any) -> Any:
    """Call what closes or reuses descriptors of ours; other threads log meanwhile.

    Of what it raises the caller drops this frame too.
    """
    descriptors.closing += 1
    try:
        with guard.quiet:
            _lose(low, high)
        return original(*args, **kwargs)
    finally:
        descriptors.closing -= 1


def _close(original: Any) -> Any:
    def close(*args: Any, **kwargs: Any) -> Any:
        fd = args[0] if args else kwargs.get("fd")
        try:
            if type(fd) is int and fd >= descriptors.lowest:
                return _losing(original, fd, fd + 1, *args, **kwargs)
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frames(error)
            raise

    return close


def _closerange(original: Any) -> Any:
    def closerange(*args: Any, **kwargs: Any) -> Any:
        try:
            if len(args) == 2 and type(args[0]) is type(args[1]) is int:  # noqa: PLR2004
                return _losing(original, args[0], args[1], *args, **kwargs)
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frames(error)
            raise

    return closerange


def _dup2(original: Any) -> Any:
    def dup2(*args: Any, **kwargs: Any) -> Any:
        fd = args[1] if len(args) > 1 else kwargs.get("fd2")
        try:
            if type(fd) is int and fd >= descriptors.lowest:
                return _losing(original, fd, fd + 1, *args, **kwargs)
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frames(error)
            raise

    return dup2
