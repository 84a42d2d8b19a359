"""Watch the program close or reuse descriptors: faulthandler cannot check its own.

Our other descriptors are compared by device and inode before each write; the one that
faulthandler has is written to by a signal handler in C, long after it may have become a socket.
"""

from __future__ import annotations

from mpdebug.agent import faults, guard
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def patch_os() -> None:
    """Wrap os.close, os.closerange and os.dup2."""
    registry.wrap_os("close", _close)
    registry.wrap_os("closerange", _closerange)
    registry.wrap_os("dup2", _dup2)


def _close(original: Any) -> Any:
    def close(*args: Any, **kwargs: Any) -> Any:
        if args and args[0] == faults.file and faults.file >= 0:
            with guard.quiet:
                faults.lose(faults.file, faults.file + 1)
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
                faults.lose(args[0], args[1])
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return closerange


def _dup2(original: Any) -> Any:
    def dup2(*args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            if len(args) > 1 and args[1] == faults.file:
                faults.lose(args[1], args[1] + 1)
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return dup2
