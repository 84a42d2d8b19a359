"""Pool workers: the task in hand; Pools: where their jobs were submitted.

The worker's end is not the function `pool.worker` (it is pickled by name, and a wrapper would
stand in its tracebacks) but its two queues, exchanged in the child just before it runs.
"""

from __future__ import annotations

import sys

from mpdebug.agent import guard, process, tasks
from mpdebug.patch import registry
from mpdebug.rundir import layout, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

OWNER = "pool"
CHUNKS = frozenset({"mapstar", "starmapstar", "_helper_reraises_exception"})


def patch(module: ModuleType) -> None:
    """Wrap the making of a Pool's results: there a job gets its number."""
    for name in ("ApplyResult", "IMapIterator"):  # MapResult and the unordered one inherit
        kind = getattr(module, name, None)
        if kind is not None:
            registry.wrap(kind, "__init__", _result)


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
                submitted(OWNER, job, "Pool", "multiprocessing")

    return __init__


last_site: dict[str, tuple[CodeType, int]] = {}


def submitted(owner: str, job: int, kind: str, library: str) -> None:
    """Tell where a job comes from, unless the one before came from the same place.

    A million submits in a loop are one line; the place is known by code object and
    instruction, since asking a frame for its line costs up to 20 µs in a long function.
    """
    if process.here is None:
        return
    frame: Any = sys._getframe(2)  # noqa: SLF001
    method = ""
    while frame is not None and guard.is_ours_or_stdlib(frame.f_code.co_filename):
        name = frame.f_code.co_name
        if library in frame.f_globals.get("__name__", "") and not name.startswith("_"):
            method = name
        frame = frame.f_back
    frame = guard.program_frame(frame)
    if frame is None:
        return
    site = (frame.f_code, frame.f_lasti)
    if last_site.get(owner) == site:
        return
    last_site[owner] = site
    process.here.event(
        layout.EV_SUBMITTED,
        owner=owner,
        first=job,
        call=f"{kind}.{method}" if method else kind,
        where=f"{frame.f_code.co_filename}:{frame.f_lineno}",
    )


process.on_fork.append(last_site.clear)


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
        try:
            result = self._queue.put(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        tasks.phase(state.IDLE)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


def watch_tasks(started: Any) -> None:
    """Put the gates before the queues of a Pool worker that is about to run."""
    args: Any = getattr(started, "_args", ())
    if len(args) > 1 and hasattr(args[0], "get") and hasattr(args[1], "put"):
        started._args = (TaskGate(args[0]), ResultGate(args[1]), *args[2:])  # noqa: SLF001
