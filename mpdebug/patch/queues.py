"""Queues: what each is made of, and the items that never arrive.

`put` only appends to a buffer; a thread of the queue pickles and sends. What goes wrong in that
thread is nobody's error: an item that cannot be pickled is dropped (and where the process is
about to end without a word), and what is still in the buffer at `os._exit` is lost. Nothing is
added to `put` and `get`, nor to the pickling: what is wrapped is called where that failed.
"""

from __future__ import annotations

import os
import sys
from _weakref import ref

from mpdebug import env
from mpdebug.agent import encode, exceptions, guard, process, tasks
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

CONDITION = ("_lock", "_sleeping_count", "_woken_count", "_wait_semaphore")
MESSAGE_ROOM = 1000
REFUSED = "_on_queue_feeder_error"
EXECUTORS = "_SafeQueue"
"""The class of an executor's own queue."""

feeding: list[Any] = []
"""Weak references to the queues into which this process has put something."""

made: list[Any] = []
"""(weak reference, inode of its pipe) of the queues that this process made."""

told: set[tuple[CodeType, int]] = set()
"""Places at which `empty()` was found wrong."""

process.on_fork.append(feeding.clear)
process.on_fork.append(made.clear)
process.on_fork.append(told.clear)


def patch(module: ModuleType) -> None:
    """Wrap the making of queues in multiprocessing.queues, and what their threads do."""
    joinable = getattr(module, "JoinableQueue", ())
    for name in ("Queue", "JoinableQueue", "SimpleQueue"):
        kind = getattr(module, name, None)
        if kind is not None:
            inner = joinable if name == "Queue" else ()
            for method in ("__init__", "__setstate__"):
                registry.wrap(kind, method, _made(inner, rebuilt=method == "__setstate__"))
    queue = getattr(module, "Queue", None)
    if queue is not None:
        registry.wrap(queue, "_start_thread", registry.noting(_feeds))
        registry.wrap(queue, "empty", _empty)
        told_of = queue.__dict__.get(REFUSED)
        if isinstance(told_of, staticmethod) and not registry.is_ours(queue, REFUSED):
            registry.put(queue, REFUSED, _refused(told_of.__func__))
        registry.wrap(module, "is_exiting", _ignored)


# --- what a queue is made of


def _made(inner: Any, *, rebuilt: bool) -> Any:
    """A maker of wrappers; `inner` are subclasses that have a wrapper of their own."""

    def note(queue: Any, _args: Any, _kwargs: Any) -> None:
        if not isinstance(queue, inner):
            _tell(queue, rebuilt=rebuilt)

    return registry.noting(note)


def _tell(queue: Any, *, rebuilt: bool) -> None:
    here = process.here
    if here is None:
        return
    said: dict[str, Any] = {"what": type(queue).__name__}
    for end in ("reader", "writer"):
        said[end] = os.fstat(getattr(queue, f"_{end}").fileno()).st_ino
    for lock in ("rlock", "wlock", "sem"):
        address = _address(getattr(queue, f"_{lock}", None))
        if address:
            said[lock] = address
    condition = getattr(queue, "_cond", None)
    if condition is not None:
        said["unfinished"] = _address(queue._unfinished_tasks)  # noqa: SLF001
        said["cond"] = [_address(getattr(condition, part)) for part in CONDITION]
    if "sem" in said:
        said["size"] = queue._maxsize  # noqa: SLF001
        if not rebuilt and type(queue).__module__.endswith(".queues"):  # no executor's own
            made[:] = [one for one in made if one[0]() is not None]
            made.append((ref(queue), said["reader"]))
    said.update({"rebuilt": True} if rebuilt else {"where": guard.where(3)})
    here.event(layout.EV_QUEUE, **said)


def _address(lock: Any) -> int:
    return getattr(getattr(lock, "_semlock", None), "handle", 0)


# --- what is dropped


def _refused(original: Any) -> Any:
    """What a queue's thread calls with what it cannot pickle."""

    def _on_queue_feeder_error(e: Any, obj: Any) -> Any:
        with guard.quiet:
            _dropped(sys._getframe(1), e)  # noqa: SLF001
        return original(e, obj)

    return staticmethod(registry.look_alike(_on_queue_feeder_error, original))


def _ignored(original: Any) -> Any:
    """What it asks before: where the process is about to end it says no word, and ends."""

    def is_exiting() -> Any:
        exiting = original()
        if exiting:
            with guard.quiet:
                _dropped(sys._getframe(1), sys.exc_info()[1])  # noqa: SLF001
        return exiting

    return is_exiting


def _dropped(frame: Any, error: BaseException | None) -> None:
    """Tell of an item that goes no further, if it was a queue's thread that pickled it."""
    here = process.here
    if here is None or error is None or frame.f_code.co_name != "_feed":
        return
    own = frame.f_locals
    known = dict(own)
    if not env.LOCALS_WRITE_THROUGH:  # the frame keeps it, and with it the item
        own.clear()
    if type(getattr(known.get("onerror"), "__self__", None)).__name__ == EXECUTORS:
        return  # the future gets the error
    item = known.get("obj")
    if type(item) is memoryview:  # it is pickled: there is nobody who reads
        return
    here.event(
        layout.EV_DROPPED,
        reader=os.fstat(known["send_bytes"].__self__.fileno()).st_ino,
        type=exceptions.type_name(type(error)),
        message=encode.safe_str(error)[:MESSAGE_ROOM],
        item=tasks.describe(item),
    )


# --- what is not sent


def _feeds(queue: Any, _args: Any, _kwargs: Any) -> None:
    feeding[:] = [one for one in feeding if one() is not None]
    feeding.append(ref(queue))


def tell_unsent() -> None:
    """This process is about to end by os._exit: tell what its queues have not sent."""
    here = process.here
    for one in feeding:
        queue = one()
        if here is None or queue is None or queue._joincancelled:  # noqa: SLF001
            continue
        items, sending = waiting_in(queue), is_sending(queue)
        if items or sending:
            reader = os.fstat(queue._writer.fileno()).st_ino  # noqa: SLF001
            here.event(layout.EV_UNSENT, reader=reader, items=items, sending=sending)


def tell_unread() -> None:
    """This process ends, its children have ended: tell of items that nobody got."""
    here = process.here
    for one, reader in made:
        queue = one()
        if here is None or queue is None or queue._joincancelled:  # noqa: SLF001
            continue
        with guard.quiet:  # not every system tells the value of a semaphore
            items = queue._maxsize - queue._sem._semlock._get_value()  # noqa: SLF001
            if items > 0:
                here.event(layout.EV_UNREAD, reader=reader, items=items)


def waiting_in(queue: Any) -> int:
    """How many items stand in the buffer of this process."""
    buffer = queue._buffer  # noqa: SLF001
    items = len(buffer)
    closed = queue._closed and items  # noqa: SLF001 - then the last one says: no more come
    return items - 1 if closed else items


def is_sending(queue: Any) -> bool:
    """Whether the queue's thread is in the middle of an item."""
    thread = queue._thread  # noqa: SLF001
    frame: Any = sys._current_frames().get(thread.ident) if thread is not None else None  # noqa: SLF001
    inner = ""
    while frame is not None and frame.f_code.co_name != "_feed":
        inner = frame.f_code.co_name
        frame = frame.f_back
    return frame is not None and inner not in ("", "wait", "debug")


def _empty(original: Any) -> Any:
    def empty(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if result and self._buffer is not None and self._thread is not None:
            with guard.quiet:
                _tell_lie(self)
        return result

    return empty


def _tell_lie(queue: Any) -> None:
    """Tell it once for each place, if this very process has items on their way."""
    here, items = process.here, waiting_in(queue)
    if here is None or not (items or is_sending(queue)):
        return
    frame: Any = guard.program_frame(sys._getframe(2))  # noqa: SLF001
    if frame is None or (frame.f_code, frame.f_lasti) in told:
        return
    told.add((frame.f_code, frame.f_lasti))
    here.event(
        layout.EV_EMPTY_LIED,
        reader=os.fstat(queue._reader.fileno()).st_ino,  # noqa: SLF001
        items=items,
        where=f"{frame.f_code.co_filename}:{frame.f_lineno}",
    )
