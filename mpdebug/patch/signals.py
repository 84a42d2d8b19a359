"""The two signals that we handle look free to the program, and are its own when it wants them.

`signal.signal` and `signal.getsignal` are Python functions around those of `_signal`, which
are wrapped here: `signal` itself is never imported by us.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]

from mpdebug.agent import guard, nudge, process
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


handles_ctrl_c = False


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
        if args and args[0] == _signal.SIGINT:
            with guard.quiet:
                _tell_ctrl_c(_signal.getsignal(_signal.SIGINT))
        return _signal.SIG_DFL if before is nudge.on_nudge else before

    return signal


def _tell_ctrl_c(handler: Any) -> None:
    """A program that handles Ctrl-C itself may wait for it: the kernel cannot tell that.

    Python's handler and that of asyncio's Runner only raise KeyboardInterrupt.
    """
    global handles_ctrl_c  # noqa: PLW0603 - one signal, one handler
    inner = getattr(getattr(handler, "func", handler), "__module__", "")
    own = callable(handler) and inner not in ("_signal", "asyncio.runners")
    if own != handles_ctrl_c:
        handles_ctrl_c = own
        _note_ctrl_c(own=own)


def _note_ctrl_c(*, own: bool) -> None:
    if process.here is not None:
        process.here.event(layout.EV_REMARK, what=layout.CTRL_C, own=own)


def _inherited() -> None:
    """In a forked child, which has its parent's handler."""
    if handles_ctrl_c:
        _note_ctrl_c(own=True)


process.on_fork.append(_inherited)


def _get(original: Any) -> Any:
    def getsignal(*args: Any, **kwargs: Any) -> Any:
        try:
            found = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        return _signal.SIG_DFL if found is nudge.on_nudge else found

    return getsignal
