"""ProcessPoolExecutor (and loky): the task in hand, where it was submitted, and what failed."""

from __future__ import annotations

from mpdebug.agent import guard, mistakes, process, tasks
from mpdebug.patch import jobs, pools, registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

OWNER = "executor"
LOST = "its executor broke before it was done"


def patch(module: ModuleType) -> None:
    """Wrap what submits, what receives, and what looks (concurrent.futures and loky)."""
    kind = getattr(module, "ProcessPoolExecutor", None)
    if kind is not None:
        registry.wrap(kind, "submit", _submit)
    thread = getattr(module, "_ExecutorManagerThread", None)
    if thread is not None:
        registry.wrap(thread, "__init__", _thread)
        registry.wrap(thread, "process_result_item", _result_item)
        broken = getattr(module, "BrokenProcessPool", RuntimeError)
        inner = "_terminate_broken"  # where there are both, the other calls it
        name = inner if hasattr(thread, inner) else "terminate_broken"
        registry.wrap(thread, name, _breaks(broken))
    queue = getattr(module, "_SafeQueue", None)
    if queue is not None:
        registry.wrap(queue, "_on_queue_feeder_error", _not_sent)
    future = module.__dict__.get("Future")
    if future is not None and future.__module__ == module.__name__:
        for name in ("exception", "add_done_callback"):
            registry.wrap(future, name, _looks)


# --- where jobs are submitted


def _submit(original: Any) -> Any:
    def submit(self: Any, *args: Any, **kwargs: Any) -> Any:
        job = getattr(self, "_queue_count", 0)
        try:
            future = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            mistakes.note(error)
            raise
        with guard.quiet:
            _submitted(self, job)
        return future

    return submit


def _submitted(executor: Any, job: int) -> None:
    here = process.here
    if here is None:
        return
    owner = jobs.owner_of(executor, OWNER)
    workers = executor.__dict__.setdefault("_mpdebug_workers", set())
    kind = type(executor).__name__
    pools.submitted(owner, job, kind, "concurrent.futures", method="submit")
    processes = executor.__dict__.get("_processes")
    if processes and len(processes) != len(workers):
        for pid in list(processes):
            if (here.pid, pid) not in workers:
                workers.add((here.pid, pid))
                here.event(layout.EV_OWNED, owner=owner, pid=pid)


# --- what comes back


def _thread(original: Any) -> Any:
    def __init__(self: Any, executor: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        try:
            original(self, executor, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:  # it outlives the executor
            self._mpdebug_key = jobs.owner_of(executor, OWNER)
            self.call_queue._mpdebug_key = self._mpdebug_key  # noqa: SLF001

    return __init__


def _result_item(original: Any) -> Any:
    def process_result_item(self: Any, result_item: Any, *args: Any) -> Any:
        error = getattr(result_item, "exception", None)
        if error is not None:
            with guard.quiet:
                _failed(self, result_item.work_id, error)
        try:
            return original(self, result_item, *args)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return process_result_item


def _failed(thread: Any, job: int, error: BaseException) -> None:
    """A failed result has come: told before anybody can look at the future."""
    item = thread.pending_work_items.get(job)
    if item is not None:
        watched = bool(item.future._done_callbacks)  # noqa: SLF001
        jobs.result_failed(item.future, thread._mpdebug_key, job, error, watched=watched)  # noqa: SLF001


def _breaks(broken: Any) -> Any:
    def make(original: Any) -> Any:
        def terminate_broken(self: Any, cause: Any = None, *args: Any) -> Any:
            with guard.quiet:
                key = self._mpdebug_key
                jobs.broke(key, cause)
                for job in list(self.pending_work_items)[: jobs.MOST]:
                    _failed(self, job, broken(LOST))
            try:
                return original(self, cause, *args)
            except BaseException as error:
                guard.drop_frame(error)
                raise

        return terminate_broken

    return make


def _not_sent(original: Any) -> Any:
    """A task that cannot be pickled: its future gets the error, in the queue's thread."""

    def _on_queue_feeder_error(self: Any, e: Any, obj: Any) -> Any:
        with guard.quiet:
            item = self.pending_work_items.get(getattr(obj, "work_id", -1))
            if item is not None:
                watched = bool(item.future._done_callbacks)  # noqa: SLF001
                owner = getattr(self, "_mpdebug_key", OWNER)
                jobs.result_failed(item.future, owner, obj.work_id, e, watched=watched)
        try:
            return original(self, e, obj)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return _on_queue_feeder_error


def _looks(original: Any) -> Any:
    def look(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if "_mpdebug_failed" in self.__dict__:
            with guard.quiet:
                jobs.looked_at(self)
        return result

    return look


# --- in a worker


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
        rest = args[2:]
        if rest and rest[0] is not None:
            rest = (Initializer(rest[0]), *rest[1:])
        started._args = (CallGate(args[0]), pools.ResultGate(args[1]), *rest)  # noqa: SLF001


class Initializer:
    """The initializer of an executor: when it fails its worker just ends, with status 0."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def __call__(self, *args: Any) -> Any:
        """Call it."""
        try:
            return self._original(*args)
        except BaseException as error:
            guard.drop_frame(error)
            with guard.quiet:
                jobs.initializer_failed(OWNER, error)
            raise
