"""Take every record that the program's own levels let through, wherever its logger propagates.

`Logger.callHandlers` is the one place that all of them pass. The handlers of the program are
not touched: basicConfig, dictConfig, `force=True` and an empty root behave as without us.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import console, guard, logs, process
from mpdebug.patch import registry
from mpdebug.real import Real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def patch(module: ModuleType) -> None:
    """Wrap Logger.callHandlers."""
    registry.wrap(module.Logger, "callHandlers", _call_handlers)


def _call_handlers(original: Any) -> Any:
    def callHandlers(self: Any, record: Any) -> Any:  # noqa: N802
        # Before the program's handlers: one of them may hang or die.
        try:  # what `with guard.quiet` does, which takes three times as long
            _take(self, record)
        except BaseException as error:
            if not guard.quiet.__exit__(type(error), error, error.__traceback__):
                raise
        try:
            return original(self, record)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    # `Handler.handleError` shows the program's stack from behind the frames of logging's file.
    theirs = original.__code__
    callHandlers.__code__ = callHandlers.__code__.replace(
        co_filename=theirs.co_filename, co_firstlineno=theirs.co_firstlineno
    )
    return callHandlers


def _take(logger: Any, record: Any) -> None:
    here = process.here
    if here is None:
        return
    fate = console.fate(here.settings, logger, record)
    if record.process != here.pid:
        if _is_handed_on(here, record):
            if fate.startswith(console.SHOWN):
                here.tell_who(prints_relayed=True)
            return
        here = process.check_fork()
        if here is None:
            return
    claimed = logs.claim_keys(record) if logs.claim_keys is not None else None
    line = logs.line_of(here, record, fate, claimed)
    if type(logs.sink) is logs.LineFormat and "logging.handlers" in sys.modules:
        with guard.quiet:  # an import may fail: no descriptor is left
            _make_handler()
    logs.sink.enqueue(line)


def _is_handed_on(here: process.Agent, record: Any) -> bool:
    """Whether it is another process's record, handed on by the program: it was taken there.

    A record without a pid is one of a program that told logging not to ask for it.
    """
    return (
        record.process is not None
        and record.process not in {here.pid, Real.getpid()}
        and is_observed(record.process)
    )


def _make_handler() -> None:
    """Let records go through a QueueHandler, where the program has loaded logging.handlers.

    It is not imported here: that takes up to 10 ms in the middle of a call of the program's, a
    time-out that strikes in it can get lost, another thread may have held the import lock at
    a fork, and a `queue.py` beside the script would be run. Without the base class the same
    two methods do.
    """
    if hasattr(sys.modules.get("logging.handlers"), "QueueListener"):
        from mpdebug.agent.handler import RunHandler  # noqa: PLC0415 - see above

        logs.sink = RunHandler(logs.queue)


observed: dict[int, bool] = {}


def is_observed(pid: int) -> bool:
    """Whether a process of that pid has (had) a folder in this run."""
    known = observed.get(pid)
    if known is None and process.here is not None:
        head = f"{pid}-"
        folder = os.path.dirname(process.here.path)
        known = any(name.startswith(head) for name in Real.listdir(folder))
        observed[pid] = known
    return bool(known)
