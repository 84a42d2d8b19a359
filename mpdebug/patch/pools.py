"""Pools: where jobs were submitted, the task in hand, what failed, and when a Pool is closed.

The worker's end is not the function `pool.worker` (it is pickled by name, and a wrapper would
stand in its tracebacks) but its two queues, exchanged in the child just before it runs.
"""

from __future__ import annotations

import sys

from mpdebug.agent import guard, process, tasks
from mpdebug.patch import jobs, registry
from mpdebug.rundir import layout, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

OWNER = "pool"
CHUNKS = frozenset({"mapstar", "starmapstar", "_helper_reraises_exception"})
OUTQUEUE = {"_handle_results": 0, "_handle_tasks": 2, "_handle_workers": 8}
"""Where the Pool's result queue is among the arguments of each of its threads."""

LEFT = 20
"""Numbers of unfinished jobs that are told when a Pool is closed."""


def patch(module: ModuleType) -> None:
    """Wrap the making and setting of a Pool's results, its threads, and its own life."""
    for name in ("ApplyResult", "IMapIterator", "MapResult", "IMapUnorderedIterator"):
        kind = getattr(module, name, None)
        if kind is None or kind.__module__ != module.__name__:
            continue
        if name in ("ApplyResult", "IMapIterator"):  # the other two inherit
            registry.wrap(kind, "__init__", _result)
        registry.wrap(kind, "_set", _set)
        registry.wrap(kind, "successful", _successful)
        registry.wrap(kind, "__next__", _next)
    pool = getattr(module, "Pool", None)
    if not hasattr(pool, "_repopulate_pool_static"):
        return  # billiard's is another one
    registry.wrap(pool, "__init__", _made)
    for method in ("close", "terminate", "join"):
        registry.wrap(pool, method, _ends)
    for handler in OUTQUEUE:
        _wrap_inside(pool, handler, _handler)
    _wrap_inside(pool, "_repopulate_pool_static", _repopulated)


def owner_of(pool: Any) -> str:
    """The key of a Pool; empty for one of threads."""
    return jobs.owner_of(getattr(pool, "_outqueue", None), OWNER)


# --- jobs


def _result(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            job = getattr(self, "_job", None)
            if type(job) is int:
                pool = owner_of(args[0]) if args else ""
                submitted(OWNER, job, "Pool", "multiprocessing", pool=pool)

    return __init__


last_site: dict[str, tuple[CodeType, int, str]] = {}


def submitted(
    owner: str, job: int, kind: str, library: str, *, pool: str = "", method: str = ""
) -> None:
    """Tell where a job comes from, unless the one before came from the same place.

    A million submits in a loop are one line; the place is known by code object and
    instruction, since asking a frame for its line costs up to 20 µs in a long function. All
    Pools of a process count their jobs together, so `owner` is the same word for all of them,
    and `pool` says which it is.
    """
    if process.here is None:
        return
    frame: Any = sys._getframe(2)  # noqa: SLF001
    while frame is not None and guard.is_ours_or_stdlib(frame.f_code.co_filename):
        name = frame.f_code.co_name
        if library in frame.f_globals.get("__name__", "") and not name.startswith("_"):
            method = name
        frame = frame.f_back
    frame = guard.program_frame(frame)
    if frame is None:
        return
    site = (frame.f_code, frame.f_lasti, pool)
    if last_site.get(owner) == site:
        return
    last_site[owner] = site
    more = {"pool": pool} if pool else {}
    process.here.event(
        layout.EV_SUBMITTED,
        owner=owner,
        first=job,
        call=f"{kind}.{method}" if method else kind,
        where=f"{frame.f_code.co_filename}:{frame.f_lineno}",
        **more,
    )


process.on_fork.append(last_site.clear)


def _set(original: Any) -> Any:
    def _set(self: Any, i: Any, obj: Any) -> Any:
        if not obj[0]:
            with guard.quiet:
                _failed(self, obj[1])
        try:
            return original(self, i, obj)
        except BaseException as error:  # a callback of the program's
            guard.drop_frame(error)
            raise

    return _set


def _failed(result: Any, error: Any) -> None:
    """A failed part of a job has come: tell the first of each job, of an iterator each."""
    pool = getattr(result, "_pool", None)
    if pool is None or not getattr(result, "_success", True):
        return
    watched = getattr(result, "_error_callback", None) is not None
    jobs.result_failed(result, owner_of(pool), result._job, error, watched=watched)  # noqa: SLF001


def _successful(original: Any) -> Any:
    def successful(self: Any) -> Any:
        try:
            result = original(self)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if not result:
            with guard.quiet:
                jobs.looked_at(self)
        return result

    return successful


def _next(original: Any) -> Any:
    """`for … in pool.imap(…)` calls this one, which is not looked up as `next`."""

    def __next__(self: Any, *args: Any) -> Any:  # noqa: N807
        try:
            return original(self, *args)
        except BaseException as error:
            guard.drop_frame(error)
            with guard.quiet:
                if not isinstance(error, StopIteration):
                    jobs.looked_at(self)
            raise

    return __next__


# --- the Pool itself


def _made(original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        try:
            original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            _tell(self, "made", size=self._processes, where=guard.where())

    return __init__


def _ends(original: Any) -> Any:
    what = {"close": "closed", "terminate": "terminated", "join": "joined"}[original.__name__]

    def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            if what != "joined":
                cache = list(self._cache)
                _tell(self, what, left=len(cache), jobs=cache[:LEFT])
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            if what == "joined":
                _tell(self, what)
        return result

    return end


def _tell(pool: Any, what: str, **fields: Any) -> None:
    owner = owner_of(pool)
    if process.here is not None and owner:
        process.here.event(layout.EV_POOL, owner=owner, what=what, **fields)


def _wrap_inside(pool: Any, name: str, make: Any) -> None:
    """Wrap the function in a static method or class method."""
    found = pool.__dict__.get(name)
    if isinstance(found, staticmethod | classmethod) and not registry.is_ours(pool, name):
        inner = found.__func__
        registry.put(pool, name, type(found)(registry.look_alike(make(inner), inner)))


def _handler(inner: Any) -> Any:
    """One of a Pool's threads: nothing goes on when it dies, and Pool does not say so."""
    place = OUTQUEUE[inner.__name__]

    def handler(*args: Any) -> Any:
        try:
            return inner(*args)
        except BaseException as error:
            guard.drop_frame(error)
            with guard.quiet:
                owner = jobs.owner_of(args[place], OWNER) if len(args) > place else ""
                jobs.handler_died(owner, inner.__name__, error)
            raise

    return handler


def _repopulated(inner: Any) -> Any:
    def _repopulate_pool_static(ctx: Any, kind: Any, size: Any, pool: Any, *rest: Any) -> Any:
        before = len(pool)
        try:
            result = inner(ctx, kind, size, pool, *rest)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            here, owner = process.here, jobs.owner_of(rest[1], OWNER)
            if here is not None and owner:
                for worker in pool[before:]:
                    here.event(layout.EV_OWNED, owner=owner, pid=worker.pid)
        return result

    return _repopulate_pool_static


# --- in a worker


class TaskGate:
    """The in-queue of a Pool worker: each task that comes out is noted."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Take a task, as the queue would."""
        try:
            task = self._queue.get(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            if type(task) is tuple and len(task) == 5:  # noqa: PLR2004 - job, i, func, args, kwds
                job, _, call, given, named = task
                while getattr(call, "__name__", "") in CHUNKS and len(given) and given[0]:
                    # map and imap send (function, arguments of several tasks)
                    call, given = given[0]
                    if type(given) is tuple and len(given) == 1:
                        given = given[0] if type(given[0]) is tuple else given
                tasks.begin(call, given, named, OWNER, job)
        return task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


class ResultGate:
    """The out-queue of a worker: the task is done when its result has been sent."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def put(self, *args: Any, **kwargs: Any) -> Any:
        """Send a result, as the queue would."""
        tasks.phase(state.SENDING)
        with guard.quiet:
            _note_failure(args[0])
        try:
            result = self._queue.put(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        tasks.phase(state.IDLE)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


def _note_failure(sent: Any) -> None:
    """If this result says that a task failed: tell it here, where its traceback is."""
    if type(sent) is tuple:
        if len(sent) == 3 and sent[2][0] is False:  # noqa: PLR2004 - job, i, (success, value)
            error, text = jobs.unwrapped(sent[2][1])
            jobs.task_failed(OWNER, sent[0], error, text)
    elif getattr(sent, "exception", None) is not None:  # of an executor
        error, text = jobs.unwrapped(sent.exception)
        jobs.task_failed("executor", sent.work_id, error, text)


def watch_tasks(started: Any) -> None:
    """Put the gates before the queues of a Pool worker that is about to run."""
    args: Any = getattr(started, "_args", ())
    if len(args) > 1 and hasattr(args[0], "get") and hasattr(args[1], "put"):
        started._args = (TaskGate(args[0]), ResultGate(args[1]), *args[2:])  # noqa: SLF001
