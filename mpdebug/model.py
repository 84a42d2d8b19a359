"""The facts about a run as plain data. Readers build it; diagnosis and views use it.

Times are `mono` (CLOCK_MONOTONIC, nanoseconds) unless they are called `*_at` (epoch seconds).
Nothing here is loaded in a process of the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack."""

    file: str
    line: int
    function: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception as data: the chain hangs on `cause` (or on `context`)."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    cause: Raised | None = None
    context: Raised | None = None
    notes: tuple[str, ...] = ()
    text: str = ""  # the traceback as Python prints it, chain included


@dataclass(frozen=True, slots=True)
class Task:
    """What a Pool or executor worker works on."""

    call: str  # the function's name
    args: str  # its arguments, bounded
    phase: str  # one of rundir.state.PHASES
    since: int
    submitted_by: str = ""  # "Pool.map", "ProcessPoolExecutor.submit"
    submitted_at: str = ""  # file:line of the program
    owner: str = ""
    job: int = -1


@dataclass(frozen=True, slots=True)
class Goodbye:
    """What a process said before it ended (its exit.json)."""

    kind: str  # returned, exception, exit, os._exit, exec
    mono: int
    status: int | None = None
    raised: Raised | None = None
    message: str = ""
    where: str = ""
    passed: str = ""  # to sys.exit: the repr of what is neither a number nor a text


@dataclass(frozen=True, slots=True)
class SignalSent:
    """A signal that an observed process sent."""

    sender: str  # key of the sending process
    signal: int
    mono: int
    call: str = ""  # "Process.terminate", "os.kill", "os.killpg"
    where: str = ""
    idle: bool = False  # it came while the process waited, without a limit, for work


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, as others saw it."""

    mono: int
    status: int | None  # exit status; negative: killed by that signal; None: nobody saw
    seen_by: str = ""  # "parent", "supervisor", "" (only that it is gone)
    maxrss: int = 0  # KiB
    oom: bool = False
    core: bool = False
    reaped: int = 0  # when somebody read its status, mono; 0: nobody is known to


@dataclass(frozen=True, slots=True)
class Stop:
    """A thread of a living process that stands at a breakpoint now (its stop file)."""

    process: str  # key of the process
    pid: int
    n: int  # counts the stops of that process
    kind: str  # breakpoint, break, post_mortem, failure, attach
    file: str
    line: int
    function: str
    socket: str  # where it listens for a prompt
    name: str = ""  # of the process
    source: str = ""
    thread: str = ""
    main_thread: bool = True
    header: str = ""
    mono: int = 0  # since when
    stopped_at: float = 0.0
    locals: dict[str, str] = field(default_factory=dict)
    exception: str = ""  # its type, where one is the reason
    message: str = ""  # what that exception says
    tcp: str = ""  # "127.0.0.1:4444": a genuine remote-pdb port
    client: int = 0  # pid of the prompt that is in it
    moving: bool = False  # it steps: nothing is answered now


@dataclass(frozen=True, slots=True)
class Stood:
    """A stop as the events tell it, also one that is over."""

    n: int
    kind: str  # as of a Stop
    file: str
    line: int
    function: str
    since: int
    until: int | None = None  # None: it stands, or stood there when the process ended
    how: str = ""  # continue, detach, abort, timeout, gone, exception
    thread: str = ""
    reported: bool = False  # nobody would have come: it wrote its report and went on


@dataclass(frozen=True, slots=True)
class TimeOut:
    """A time-out of the program that struck."""

    call: str  # "Pool.apply_async(...).get"
    seconds: float
    where: str  # file:line of the program
    begin: int
    mono: int  # when it struck
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One of a process's events that only diagnosis reads (`rundir.layout.NOTES`)."""

    kind: str
    mono: int
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a run."""

    key: str  # the name of its folder, or "pid:<pid>" if it has none
    pid: int
    start: int
    ppid: int
    name: str
    role: str
    method: str = ""  # start method: fork, spawn, forkserver, exec
    target: str = ""
    argv: tuple[str, ...] = ()
    executable: str = ""
    python: str = ""
    started_at: float = 0.0
    mono: int = 0
    observed: bool = True
    reason: str = ""  # why it is not observed
    alive: bool = False
    parent: str = ""  # key of the logical parent (a forkserver's child: who asked for it)
    named: bool = False
    task: Task | None = None
    goodbye: Goodbye | None = None
    unsaid: bool = False  # it began to write its goodbye, and there was no room for it
    ended: Ended | None = None
    signals: tuple[SignalSent, ...] = ()  # sent to it
    started_where: str = ""  # file:line of the Process.start() in its parent
    sentinel: int = 0  # inode of the pipe that tells its parent of its end
    prints_relayed: bool = False
    faults: str = ""  # text of faults.txt
    faults_by: str = ""  # whose faulthandler it is: "ours", "program", "none"
    last_records: tuple[dict[str, Any], ...] = ()
    folder: str = ""
    stops: tuple[Stop, ...] = ()  # where it stands now, oldest first
    stood: tuple[Stood, ...] = ()  # all its stops that are known, oldest first
    timeouts: tuple[TimeOut, ...] = ()  # of the program's own calls in it
    notes: tuple[Note, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what was started, and all its processes in the order of their start."""

    path: str
    id: str
    command: tuple[str, ...]
    started_at: float
    alive: bool
    processes: tuple[Process, ...] = ()
    ended_at: float | None = None
    status: int | None = None
    cwd: str = ""
    python: str = ""
    supervisor: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    aborted: int = 0  # mono: when we ended it because it hung; 0: we did not


@dataclass(frozen=True, slots=True)
class Sample:
    """What the operating system tells of a process at one moment; -1: not known."""

    status: str  # psutil's word: running, sleeping, disk-sleep, stopped, tracing-stop, zombie
    mono: int
    cpu: float | None = None  # % of one core since the sample before; None: it is the first
    rss: int = -1  # bytes
    uss: int = -1
    pss: int = -1
    threads: int = -1
    descriptors: int = -1
    waits: str = ""  # what its main thread waits for: "sleeps", "reads a pipe"
    waits_pid: int = 0  # the process that it waits for
    why: str = ""  # why nothing, or not all, could be read


@dataclass(frozen=True, slots=True)
class State:
    """What a process is doing, in a few words."""

    text: str
    kind: str  # running, waits, idle, stopped, halted, zombie, bad, ended, unknown


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A line of the tree: a process, or several that ended alike."""

    process: Process
    state: State
    name: str
    depth: int = 0
    guide: str = ""  # "│ └─", from the margin to the name
    sample: Sample | None = None
    count: int = 1  # so many processes, folded
    hidden: int = 0  # so many more stand below it, folded away
    children: int = 0  # that live
    record: dict[str, Any] | None = None  # the last that it logged


@dataclass(frozen=True, slots=True)
class Tree:
    """All there is to draw of a run at one moment."""

    run: Run
    rows: tuple[TreeRow, ...]
    mono: int
    at: float  # the same moment in epoch seconds
    memory: str = "rss"  # which kind is shown
    samples: tuple[Sample, ...] = ()  # of all that are there, also where no row shows them


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One that a process has open, and who of the run has the same open."""

    number: int
    what: str  # "pipe:[81]", a path
    end: str = ""  # of a pipe: reads, writes; else nothing
    others: tuple[tuple[str, str], ...] = ()  # (name, its end: reads, writes, other end)


@dataclass(frozen=True, slots=True)
class Detail:
    """What is read of one process when a person opens it."""

    process: Process
    argv: tuple[str, ...] = ()
    environ: tuple[tuple[str, str | None, str | None], ...] = ()  # name, here, in its parent
    descriptors: tuple[Descriptor, ...] = ()
    maps: tuple[tuple[str, int], ...] = ()  # what is mapped, bytes in memory
    records: tuple[dict[str, Any], ...] = ()  # the last ones
    stack: str = ""
    unknown: tuple[tuple[str, str], ...] = ()  # (what, why it is not known)


@dataclass(frozen=True, slots=True)
class Death:
    """A death worth telling, explained."""

    process: Process
    mono: int
    cause: str  # one phrase: "killed by SIGKILL", "ValueError: lost data"
    kind: str  # signal, oom, exception, exit, os._exit, vanished, startup, terminated, orphan
    bad: bool  # False: meant by the program (terminate), told only when asked
    detail: tuple[tuple[str, str], ...] = ()  # (label, text): sent by, was running, so, cure
    frames: tuple[Frame, ...] = ()  # the last stack, innermost last
    text: str = ""  # the whole traceback or faulthandler's report
    last_records: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Differing:
    """A local that is not the same in stops that otherwise are."""

    name: str
    values: tuple[tuple[str, tuple[str, ...]], ...]  # (value, who has it), that of most first


@dataclass(frozen=True, slots=True)
class StopRow:
    """Stops that are the same but for who stands there; oldest first."""

    stops: tuple[Stop, ...]
    who: str  # "Worker-1..8"
    differ: tuple[Differing, ...] = ()

    @property
    def first(self) -> Stop:
        """The one that is shown."""
        return self.stops[0]


@dataclass(frozen=True, slots=True)
class Delayed:
    """A time-out of the program that struck while somebody stood at a breakpoint."""

    process: Process  # whose time-out it was
    timeout: TimeOut
    stander: Process  # who stood there longest of that time
    stood: Stood
    overlap: int  # ns of the time-out in which it stood there
    others: int = 0  # so many more processes stood somewhere meanwhile


@dataclass(frozen=True, slots=True)
class CutShort:
    """A stop that another process of the run ended with a signal, and the process with it."""

    process: Process
    stood: Stood
    sent: SignalSent
    sender: Process | None
    signal: str  # its name
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one process answered to a question that was put to many."""

    who: str  # its name
    text: str  # the value, or the error
    digest: str = ""  # of the whole value, where `text` may be shortened

    @property
    def same(self) -> str:
        """What is equal in equal answers."""
        return self.digest or self.text


@dataclass(frozen=True, slots=True)
class EqualAnswers:
    """An answer, and all who gave it."""

    text: str
    who: tuple[str, ...]
    names: str  # the same, folded: "Worker-1..7"


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Several questions, put to many: a column for all who answered all of them equally."""

    questions: tuple[str, ...]
    columns: tuple[EqualAnswers, ...]  # `text` is not used
    cells: tuple[tuple[str, ...], ...]  # a row for each question, a cell for each column


@dataclass(frozen=True, slots=True)
class EqualStacks:
    """A stack, outermost frame first, and all who stand in it."""

    frames: tuple[Frame, ...]
    who: tuple[str, ...]
    names: str
