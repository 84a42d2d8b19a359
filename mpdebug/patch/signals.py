"""The two signals that we handle look free to the program, and are its own when it wants them.

`signal.signal` and `signal.getsignal` are Python functions around those of `_signal`, which
are wrapped here: `signal` itself is never imported by us.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]

from mpdebug.agent import guard, nudge
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def patch() -> None:
    """Wrap `_signal.signal` and `_signal.getsignal`."""
    registry.wrap(_signal, "signal", _set)
    registry.wrap(_signal, "getsignal", _get)


def _set(original: Any) -> Any:
    def signal(*args: Any, **kwargs: Any) -> Any:
        if args:
            nudge.take_back(args[0])
        try:
            before = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        return _signal.SIG_DFL if before is nudge.on_nudge else before

    return signal


def _get(original: Any) -> Any:
    def getsignal(*args: Any, **kwargs: Any) -> Any:
        try:
            found = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        return _signal.SIG_DFL if found is nudge.on_nudge else found

    return getsignal
