"""ProcessPoolExecutor (and loky): the task in hand, and where it was submitted."""

from __future__ import annotations

from itertools import count

from mpdebug.agent import guard, process, tasks
from mpdebug.patch import pools, registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

OWNER = "executor"
numbers = count()


def patch(module: ModuleType) -> None:
    """Wrap ProcessPoolExecutor.submit: there a work item gets its number."""
    kind = getattr(module, "ProcessPoolExecutor", None)
    if kind is not None:
        registry.wrap(kind, "submit", _submit)


def _submit(original: Any) -> Any:
    def submit(self: Any, *args: Any, **kwargs: Any) -> Any:
        job = getattr(self, "_queue_count", 0)
        try:
            future = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            _submitted(self, job)
        return future

    return submit


def _submitted(executor: Any, job: int) -> None:
    here = process.here
    if here is None:
        return
    known = executor.__dict__.get("_mpdebug")
    if known is None or known[0] != here.pid:
        known = (here.pid, f"{OWNER}:{next(numbers)}", set())
        executor._mpdebug = known  # noqa: SLF001
    _, owner, workers = known
    pools.submitted(owner, job, type(executor).__name__, "concurrent.futures")
    processes = executor.__dict__.get("_processes")
    if processes and len(processes) != len(workers):
        for pid in list(processes):
            if pid not in workers:
                workers.add(pid)
                here.event(layout.EV_OWNED, owner=owner, pid=pid)


class CallGate:
    """The call queue of an executor's worker: each call item that comes out is noted."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Take a call item, as the queue would."""
        try:
            item = self._queue.get(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            if item is not None and hasattr(item, "work_id"):
                call, given = item.fn, item.args
                if getattr(call, "__name__", "") == "_process_chunk" and len(given) > 1:
                    call, given = given[0], given[1]  # map with a chunk size
                elif getattr(getattr(call, "func", None), "__name__", "") == "_process_chunk":
                    call, given = call.args[0], given[0]
                if len(given) == 1 and type(given[0]) is tuple and item.fn is not call:
                    given = given[0]
                tasks.begin(call, given, item.kwargs, OWNER, item.work_id)
        return item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


def watch_tasks(started: Any) -> None:
    """Put the gates before the queues of an executor's worker that is about to run."""
    args: Any = getattr(started, "_args", ())
    if len(args) > 1 and hasattr(args[0], "get") and hasattr(args[1], "put"):
        started._args = (CallGate(args[0]), pools.ResultGate(args[1]), *args[2:])  # noqa: SLF001
