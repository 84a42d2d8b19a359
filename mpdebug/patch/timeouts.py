"""Time-outs that the program gives to a call: told when they strike.

The good path is the original call and nothing else; everything here happens once the call has
given up waiting.
"""

from __future__ import annotations

import sys

from mpdebug.agent import guard
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

MADE_BY = {
    "ApplyResult": "apply_async",
    "MapResult": "map_async",
    "IMapIterator": "imap",
    "IMapUnorderedIterator": "imap_unordered",
}
"""Class of a Pool's result → the method that returned it."""


def patch(module: ModuleType) -> None:
    """Wrap what waits in multiprocessing.pool, .queues, .process or concurrent.futures."""
    for kind, method, make in (
        ("ApplyResult", "get", timed(pool_gave_up)),
        ("IMapIterator", "next", timed(pool_gave_up)),
        ("Queue", "get", got),
        ("Future", "result", timed(future_gave_up)),
        ("BaseProcess", "join", joined),
    ):
        owner = getattr(module, kind, None)
        if owner is not None and getattr(owner, "__module__", "") == module.__name__:
            registry.wrap(owner, method, make)


def timed(
    gave_up: Callable[[Any, BaseException], tuple[str, float | None]],
) -> Callable[[Any], Any]:
    """A maker of wrappers for a call that raises when its time, its one argument, is over.

    `gave_up` says of an object and what its call raised: the call, if the time was over ("" if
    not), and the seconds where the arguments do not hold them.
    """

    def make(original: Any) -> Any:
        def wait(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return original(self, *args, **kwargs)
            except BaseException as error:
                guard.drop_frame(error)
                with guard.quiet:
                    call, seconds = gave_up(self, error)
                    if call:
                        seconds = given(args, kwargs) if seconds is None else seconds
                        tell(call, seconds)
                raise

        return wait

    return make


def got(original: Any) -> Any:
    """A wrapper of a queue's `get`, called for each item: so it has its very arguments."""

    def get(self: Any, block: Any = True, timeout: Any = None) -> Any:
        try:
            return original(self, block, timeout)
        except BaseException as error:
            guard.drop_frame(error)
            with guard.quiet:
                if block and timeout is not None and type(error).__name__ == "Empty":
                    tell(f"{type(self).__name__}.get", float(timeout))
            raise

    return get


def joined(original: Any) -> Any:
    """A wrapper of `join`, which returns in silence when its time is over."""

    def join(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if args or kwargs:
            with guard.quiet:
                popen = self.__dict__.get("_popen")
                if popen is not None and getattr(popen, "returncode", 0) is None:
                    tell(f"{self.name}.join", given(args, kwargs))
        return result

    return join


def given(args: Any, kwargs: Any) -> float:
    """The seconds that the program gave; 0.0 for none."""
    seconds = args[0] if args else kwargs.get("timeout")
    return float(seconds) if seconds is not None else 0.0


def tell(call: str, seconds: float) -> None:
    """Hand it to the agent."""
    if seconds > 0:
        from mpdebug.agent import timeouts  # noqa: PLC0415 - when one strikes

        timeouts.struck(call, seconds)


def pool_gave_up(result: Any, error: BaseException) -> tuple[str, float | None]:
    """Whether it was the waiting for a Pool's result that ended, and not the task."""
    ready = getattr(result, "ready", None)
    if (
        type(error).__name__ != "TimeoutError"
        or error.__cause__ is not None  # a task's own error has its traceback as the cause
        or (ready is not None and ready())
    ):
        from mpdebug.patch import jobs  # noqa: PLC0415 - loaded with pools and executors

        jobs.looked_at(result)
        return "", None
    kind = type(result).__name__
    method = "get" if ready is not None else "next"
    return f"Pool.{MADE_BY.get(kind, kind)}(...).{method}", None


def future_gave_up(future: Any, error: BaseException) -> tuple[str, float | None]:
    """Whether it was the waiting for the future that ended, and not the task.

    `Executor.map` gives each future what is left of its time; the whole is told.
    """
    if not isinstance(error, TimeoutError) or future.done():
        from mpdebug.patch import jobs  # noqa: PLC0415 - as above

        jobs.looked_at(future)
        return "", None
    caller = sys._getframe(2)  # noqa: SLF001 - of the wrapper
    if caller.f_code.co_name == "_result_or_cancel" and caller.f_back is not None:
        return "Executor.map", caller.f_back.f_locals.get("timeout")
    return "Future.result", None
