"""The locks that a process has, in its `state` file behind the page of the task.

A row of slots of 64 bytes from byte 4,096 on, each eight words (little endian):

    0   address: where the semaphore is mapped in this process (a proxy: its number). Zero ends
        the row
    1   the state, see STATES, and the thread: 4 * tid (as the kernel numbers it) + state
    2   since when, CLOCK_MONOTONIC ns; 0: not recorded
    3   site: the number of the line that took it, told by an EV_SITE event; 0: not recorded
    4   count: of a semaphore's permits, or how deep a recursive lock is taken
    5   kind: 0 a semaphore, 1 a manager's lock
    6   the bytes of its ident, which fill the next IDENT_SLOTS slots (only of a manager's lock)
    7   not used

A slot belongs to one lock object, and is used again when that is gone. What a slot says of a
process that was killed at any moment is never wrong:

    acquire:  TAKING  the semaphore is taken  since, site, count  HELD
    release:  RELEASING  the semaphore is given back  FREE

TAKING and RELEASING say that the process may have it: it waits for it, or was killed just
there. With `--waits=owner` these two are left out, and then a slot that is FREE says nothing
of a process that was killed. A lock can be given back by another process, which is not seen
here: where the semaphore's value is more than zero nobody has it, and of two holders the later
one has it.
"""

from __future__ import annotations

from mpdebug.rundir import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BEGIN = state.SIZE // 8
"""Index of the first slot's first word."""
SLOT = 8  # words
ADDRESS, STATE, SINCE, SITE, COUNT, KIND, LENGTH = range(7)
END = state.WHOLE // 8

FREE, TAKING, HELD, RELEASING = range(4)
STATES = ("free", "taking", "held", "releasing")
SEMAPHORE, PROXY = range(2)
KINDS = ("semaphore", "proxy")
IDENT_SLOTS = 2
IDENT_ROOM = IDENT_SLOTS * SLOT * 8


class RawHold:
    """One slot that is not free."""

    __slots__ = ("address", "count", "ident", "kind", "since", "site", "state", "tid")

    def __init__(self, words: Any, at: int, ident: str) -> None:
        self.address: int = words[at + ADDRESS]
        self.state = STATES[words[at + STATE] % 4]
        self.tid: int = words[at + STATE] // 4
        self.since: int = words[at + SINCE]
        self.site: int = words[at + SITE]
        self.count: int = words[at + COUNT]
        self.kind = KINDS[words[at + KIND]]
        self.ident = ident  # of a proxy: "ADDRESS/ID", its last IDENT_ROOM bytes

    def __repr__(self) -> str:
        said = (f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"RawHold({', '.join(said)})"


def read_held(path: str) -> list[RawHold]:
    """What a process has, or may have, as its state file says; empty if there is none.

    Of a process that runs, what changes between two reads is left out: it moves.
    """
    first = _read(path)
    if not any(first):
        return []
    again = _read(path)
    found = []
    at = BEGIN
    while at + SLOT <= len(first) and first[at + ADDRESS]:
        step = SLOT
        ident = ""
        if first[at + KIND] == PROXY:
            step += IDENT_SLOTS * SLOT
            text = bytes(first[at + SLOT : at + step].cast("B"))
            ident = text[: first[at + LENGTH]].decode("utf-8", "replace")
        one = slice(at, at + step)
        if first[at + STATE] % 4 != FREE and first[one] == again[one]:
            found.append(RawHold(first, at, ident))
        at += step
    return found


def _read(path: str) -> Any:
    from mpdebug.rundir.lines import open_file  # noqa: PLC0415 - loads json; only readers come here

    try:
        with open(path, "rb", opener=open_file) as file:
            page = file.read(state.WHOLE)
    except OSError:
        page = b""
    if page[:8] != state.MAGIC:
        page = b""
    return memoryview(page[: len(page) // 8 * 8]).cast("Q")
