"""The locks of this process, written into its `state` file as it takes and releases them.

What is told apart, since one of these words for the other makes a lie:

    Record   one lock object, and its slot in the file (see `rundir/held.py`)
    Mine     one thread: the words that it stores, and the mutexes that it has
    site     the number of a line that takes locks

The file is made at the first lock that is taken, since making one costs a forked child much.
Until then, and in a forked child again, a record's `words` refuse every store, and what was to
be stored goes the slow way (`begin`): the good path asks nothing.

The stores of one process need no lock: threads change over only where a function is called or
a loop turns, so neighbouring stores without a call between them are one step.
"""

from __future__ import annotations

from _thread import _local, get_native_id
from _weakref import ref
from itertools import count

from mpdebug.agent import guard, process, tasks
from mpdebug.rundir import state
from mpdebug.rundir.held import (
    ADDRESS,
    BEGIN,
    COUNT,
    END,
    HELD,
    IDENT_ROOM,
    IDENT_SLOTS,
    KIND,
    LENGTH,
    PROXY,
    RELEASING,
    SEMAPHORE,
    SINCE,
    SITE,
    SLOT,
    STATE,
    TAKING,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STEP = 4096
NOTHING = memoryview(b"")
"""The words of a record that has no slot: no store into it succeeds."""


class Mine:
    """What a thread stores, and the mutexes that it has: the last one taken is the last."""

    __slots__ = ("held", "releasing", "stack", "taking")

    def __init__(self) -> None:
        tid = 4 * get_native_id()
        self.taking = tid + TAKING
        self.held = tid + HELD
        self.releasing = tid + RELEASING
        self.stack: list[Record] = []


class Record:
    """One lock object. `owner` and `count` are what this process itself has of it."""

    __slots__ = (
        *("__weakref__", "address", "at", "code", "count", "give", "ident", "lock", "mutex"),
        *("offset", "owner", "recursive", "site", "special", "take", "words"),
    )

    def __init__(self, lock: Any, *, mutex: bool, recursive: bool, ident: str = "") -> None:
        self.lock = lock  # what C has of it; None of a manager's lock
        self.take = lock and lock.acquire
        self.give = lock and lock.release
        self.special = False  # it is not recorded in full, as a mutex is
        self.address = lock.handle if lock is not None else next(numbers)
        self.mutex = mutex  # it belongs to who took it; else permits that anybody gives back
        self.recursive = recursive
        self.ident = ident  # of a manager's lock
        self.forget()

    def forget(self) -> None:
        """It has no slot, and nothing of it is taken."""
        self.words: Any = NOTHING
        self.at = 0  # index of the word STATE
        self.owner: Mine | None = None
        self.count = int(self.mutex)  # how deep it is taken, if it is; permits
        self.site = 0
        self.code: Any = None  # which instruction took it last
        self.offset = -1


local: Any = _local()
"""Of each thread: `mine`, and `held` for who records nothing but the owner."""

claimed: dict[Any, int] = {}
"""Weak reference to each record that has a slot → index of the slot's first word."""

unused: list[int] = []
"""Slots of semaphores whose lock is gone."""

end = BEGIN
numbers = count(1)
"""Of managers' locks, which have no address."""


def begin(record: Record, error: BaseException, value: int = TAKING) -> Mine:
    """The slow way to a store: this thread is new, or the record has no slot yet.

    Args:
        record: into which `value` is to be stored.
        error: what the store raised; raised again if it was not ours.
        value: TAKING, or HELD where nothing else is stored.
    """
    if guard.is_from_outside(error):  # a signal handler's
        raise error
    mine: Mine | None = getattr(local, "mine", None)
    if mine is None:
        mine = local.mine = Mine()
        local.held = mine.held
    if record.words is NOTHING:
        with guard.quiet:
            _claim(record)
        if record.words is NOTHING:  # full, or the disk is: what is stored, nobody reads
            record.words, record.at = memoryview(bytearray(8 * SLOT)).cast("Q"), STATE
            claimed[ref(record, _release)] = 0
    if record.owner is None and (record.mutex or not record.count):
        record.words[record.at] = mine.held if value == HELD else mine.taking
    return mine


def _claim(record: Record) -> None:
    """Give a record its slot. OSError where the disk is full."""
    here = process.check_fork()
    if here is None:
        return
    page = tasks.writer or tasks.open_page(BEGIN * 8 + STEP)
    if page is None:
        return
    text = record.ident.encode()[-IDENT_ROOM:]
    at = _slot(page, text)
    if not at:
        return
    words = page.words
    words[at + STATE] = words[at + SINCE] = words[at + SITE] = 0
    words[at + COUNT] = record.mutex
    words[at + KIND] = PROXY if record.ident else SEMAPHORE
    words[at + LENGTH] = len(text)
    page.map[8 * (at + SLOT) : 8 * (at + SLOT) + len(text)] = text
    words[at + ADDRESS] = record.address
    claimed[ref(record, _release)] = at
    record.words, record.at = words, at + STATE


def _slot(page: state.StateWriter, text: bytes) -> int:
    """A free slot, with room behind it for this text; 0 if there is none."""
    global end  # noqa: PLW0603
    if unused and not text:
        return unused.pop()
    size = SLOT * (1 + IDENT_SLOTS) if text else SLOT
    at = end
    if at + size > END:
        return 0
    end = at + size  # no call since it was read: no other thread has it
    page.reserve(min(-(-8 * end // STEP) * STEP, state.WHOLE))
    return at


def _release(gone: Any) -> None:
    """A lock object is gone; what it left taken stays taken, and so does its slot."""
    at = claimed.pop(gone, 0)
    page = tasks.writer
    if at and page is not None and page.words[at + STATE] % 4 != HELD:
        page.words[at + STATE] = 0
        if page.words[at + KIND] == SEMAPHORE:
            unused.append(at)


def forget() -> None:
    """A forked child has taken nothing, and has a file of its own."""
    global end  # noqa: PLW0603
    for each in list(claimed):
        record = each()
        if record is not None:
            record.forget()
    claimed.clear()
    unused.clear()
    end = BEGIN
    local.__dict__.clear()


process.on_fork.append(forget)
