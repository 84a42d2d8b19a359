"""What the wrappers of locks share: the record on the object, and tracebacks without us."""

from __future__ import annotations

from mpdebug.agent import guard, held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

RECORD = "_mpdebug_record"
RECURSIVE = 0  # kind of a SemLock


def dressing(dress: Callable[[Any], None]) -> Any:
    """A maker of `_make_methods` that has `dress` called behind the original."""

    def make(original: Any) -> Any:
        def _make_methods(self: Any) -> None:
            original(self)
            with guard.quiet:
                dress(self)

        return _make_methods

    return make


def record_of(lock: Any, *, mutex: bool) -> held.Record:
    """A new record for a lock object, and on it."""
    semaphore = lock._semlock  # noqa: SLF001
    record = held.Record(semaphore, mutex=mutex, recursive=semaphore.kind == RECURSIVE)
    setattr(lock, RECORD, record)
    return record


def named(acquire: Any, release: Any) -> tuple[Any, Any]:
    """Both under the names that a wrong call tells, as C's have them."""
    acquire.__qualname__, release.__qualname__ = "acquire", "release"
    return acquire, release


class _Raises:
    """Stands for a SemLock and for the C object in it: raises what the C object raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self._semlock = self

    def __enter__(self) -> None:
        raise self.error

    def __exit__(self, *_: object) -> None:
        raise self.error


def retrace(error: BaseException, original: Any, *args: Any) -> None:
    """Put the original's frame in the place of ours, which is the first in the traceback.

    `__enter__` and `__exit__` are never called, to save their time; but a Ctrl-C in a lock that
    nobody gives back shall show what it shows without us.
    """
    guard.drop_frame(error)
    rest = error.__traceback__
    try:
        original(_Raises(error.with_traceback(None)), *args)
    except BaseException as again:  # noqa: BLE001 - it is what we had it raise
        entry = again.__traceback__ and again.__traceback__.tb_next
        if again is error and entry is not None:
            entry.tb_next = rest
            rest = entry
    error.__traceback__ = rest
