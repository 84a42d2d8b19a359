"""The facts about what processes share, as `mpdebug.model` has those about a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpdebug.model import Process, Run

SEGMENT = "shared memory"
ARENA = "arena"  # where multiprocessing keeps Value, Array and sharedctypes
MMAP = "mmap"
SEMAPHORE = "semaphore"
PIPE = "pipe"
SOCKETS = "socket pair"
MANAGER = "manager"
LISTENER = "listener"  # a named socket that is no manager's
KINDS = (MANAGER, SEGMENT, ARENA, MMAP, SEMAPHORE, PIPE, SOCKETS, LISTENER)
"""In the order in which they are shown."""

STREAMS = "standard streams"


@dataclass(frozen=True, slots=True)
class Label:
    """Where a thing was made, as the process that made it wrote down."""

    maker: Process
    mono: int
    what: str  # one of KINDS
    call: str = ""  # what the program called: "Queue", "Value"
    where: str = ""  # file:line of the program
    name: str = ""
    size: int = -1  # bytes, as asked for
    lock: str = ""  # class of the semaphore ("RLock") or of the manager
    address: int = 0  # where a semaphore is mapped in its maker and all forked from it
    inodes: tuple[int, ...] = ()
    pid: int = 0  # of a manager's server


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a thing mapped or open now."""

    name: str
    pid: int
    how: str  # "maps", "maps, reads only", "open", "reads", "writes", "both ends", "serves", …


@dataclass(frozen=True, slots=True)
class Shared:
    """A thing that processes share."""

    kind: str
    name: str
    inode: int
    size: int = -1  # bytes; -1: it has none, or it is not known
    label: Label | None = None  # None: nobody wrote down where it was made
    holders: tuple[Holder, ...] = ()
    left_over: bool = False  # its file is there, and no living process has it
    note: str = ""  # why something is not known; STREAMS


@dataclass(frozen=True, slots=True)
class AllShared:
    """All that the processes of a run share at one moment."""

    run: Run
    things: tuple[Shared, ...]
    living: int  # processes that were looked at
    refused: tuple[tuple[str, str], ...] = ()  # (process, why it could not be looked at)


@dataclass(frozen=True, slots=True)
class SharedRow:
    """Things that are alike but for their names."""

    kind: str
    what: str  # "Queue: Lock"
    things: tuple[Shared, ...]
    who: str  # "maps Worker-1..4; open MainProcess"
    size: int = -1  # of all of them
    where: str = ""
    maker: str = ""

    @property
    def left_over(self) -> bool:
        """Whether they are; all or none."""
        return self.things[0].left_over


@dataclass(frozen=True, slots=True)
class SharedTable:
    """Everything as rows."""

    all: AllShared
    rows: tuple[SharedRow, ...]
    plain_pipes: int = 0  # pipes and socket pairs of nobody's making, left out


FREE, IN_USE, UNSURE = "left over", "in use", "left alone"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in /dev/shm that multiprocessing made, and whether anybody still has it."""

    name: str
    kind: str  # SEMAPHORE or SEGMENT
    inode: int
    size: int  # bytes
    modified_at: float  # epoch seconds
    state: str  # FREE, IN_USE or UNSURE
    why: str = ""  # of UNSURE
    holders: tuple[Holder, ...] = ()
    label: Label | None = None  # where it was made, if a run was asked about
