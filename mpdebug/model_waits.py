"""The facts about who waits for what, as `mpdebug.model` has those about a run.

    kernel (/proc) + stacks + what processes recorded ─▶ Picture ─▶ diagnosis ─▶ Finding

A thing is named by what is the same in all processes: `sem:4711` (the inode of its file),
`pipe:4711`, `socket:4711`, `pid:123` (a process, by its end), `file:08:01:4711` (device and
inode of a file that is locked), `proxy:ADDRESS/IDENT` (an object in a manager's server).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mpdebug.model import Frame, Run
    from mpdebug.model_shared import Label

# What a thread does, as the kernel tells it.
RUNS = "runs"
TIMED = "timed"  # it wakes by itself: a sleep, or a wait with a time-out
OUTSIDE = "outside"  # something outside of the program may wake it: input, a signal, a peer
SEMAPHORE = "semaphore"  # of multiprocessing
FILE_LOCK = "file lock"  # flock, lockf
THREAD = "thread"  # a lock of threads of its own process
READ, WRITE = "read", "write"  # a pipe or socket whose other ends are known
CHILD = "child"  # the end of a process
POLL = "poll"  # several of these at once
STOPPED = "stopped"  # it stands at a breakpoint, or is halted
SERVES = "serves"  # it waits for requests that only members of the program make
ENDLESS = frozenset((SEMAPHORE, FILE_LOCK, THREAD, READ, WRITE, CHILD, POLL, SERVES))
"""Waits without a time limit that only members of the program can end."""

PROVED, SUSPECTED = "proved", "suspected"


@dataclass(frozen=True, slots=True)
class Wait:
    """What one thread of one process waits for, at one moment."""

    process: str  # key
    tid: int
    main: bool  # it is the main thread
    kind: str  # one of the above
    things: tuple[str, ...] = ()  # by what it can be woken
    to_write: tuple[str, ...] = ()  # of a POLL: those of them that it waits to write to
    by_signal: bool = False
    """A signal may end it: the process has a handler of its own for one. Those of Python, of
    asyncio's Runner and of ours say nothing."""
    by_timer: bool = False
    """The same, and not only for one by which a service is ended: it may come by itself."""
    words: str = ""  # for people: "sleeps", "waits for input"
    since: int = 0  # mono (ns) when it last ran; 0: not known
    asked: bool = False  # it ran then to tell its stack, and may have waited before
    switches: int = -1  # how often it was put to sleep or put off until now
    thread: str = ""  # its name
    frames: tuple[Frame, ...] = ()  # its Python stack, outermost first; empty: not asked for


@dataclass(frozen=True, slots=True)
class Hold:
    """A lock, or permits of a semaphore, that a process has recorded as its own."""

    process: str  # key; it may have ended
    thing: str
    tid: int  # the thread that took it
    state: str  # taking, held, releasing: the first and the last say that it may have it
    since: int = 0  # mono (ns); 0: not recorded
    where: str = ""  # file:line of the caller of acquire
    function: str = ""
    count: int = 1  # of a semaphore's permits, or of a recursive lock


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is waited for or held."""

    id: str
    kind: str
    """Lock, RLock, Semaphore, BoundedSemaphore, pipe, socket, process, thread lock, proxy; also
    just semaphore, where nobody wrote down its making."""
    label: Label | None = None  # where it was made; its `call` says as part of what
    part: str = ""  # of a Queue, Barrier: which of its locks or pipes it is, "_rlock"
    value: int = -1  # of a semaphore; -1: not known
    waiting: int = -1  # of a semaphore: how many wait for it, as it counts itself
    users: tuple[str, ...] = ()
    """Keys of living processes that have it; of a process: itself. In this and the next two
    `pid:4711` is also that of a stranger, who is no member of the run."""
    readers: tuple[str, ...] = ()  # of a pipe: who has that end
    writers: tuple[str, ...] = ()
    ends: str = ""  # of a pipe: key of the living process whose end it tells (a sentinel)
    strangers: tuple[int, ...] = ()  # pids outside of the program that have it too
    peer: str = ""  # of a socket: the id of its other end


@dataclass(frozen=True, slots=True)
class LockNote:
    """A note of a process about locks (`model.Note`), which are told as things."""

    kind: str
    process: str  # key
    things: tuple[str, ...]  # an empty id: its making is not known
    mono: int
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """Who waits for what, and who has it, at one moment."""

    run: Run
    mono: int
    waits: tuple[Wait, ...] = ()  # of all threads of all living processes
    things: dict[str, Thing] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()  # of the living and of the dead
    still: frozenset[tuple[str, int]] = frozenset()
    """(key, tid) of threads that did not run between two looks, and stand in the same call."""
    unread: tuple[tuple[str, str], ...] = ()  # (key, why its threads could not be looked at)
    lock_notes: tuple[LockNote, ...] = ()  # in the order of time; also of those that ended
    still_for: float = 0.0
    """Seconds for which nothing moved, where somebody said that as long is wrong."""
    stacks: bool = False  # whether the Python stacks were asked for
    sources: dict[str, str] = field(default_factory=dict)  # "file:line": that line of source


@dataclass(frozen=True, slots=True)
class Finding:
    """A trouble by name: what is wrong, the evidence, and what to change."""

    kind: str  # "lock-held-by-dead": also its anchor in the documentation
    certainty: str  # PROVED or SUSPECTED
    title: str  # one sentence: who, what, where
    processes: tuple[str, ...] = ()  # keys
    things: tuple[str, ...] = ()  # ids
    evidence: tuple[tuple[str, str], ...] = ()  # (label, text), in the order in which to read
    cure: str = ""
    settle: str = ""  # of a suspicion: what would settle it
    mono: int = 0  # when it happened, where that is known
    standing: bool = True  # it keeps somebody waiting; False: work was lost, or may be one day
    facts: dict[str, Any] = field(default_factory=dict)  # for --json and for other findings
