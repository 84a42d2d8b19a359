"""The run folder: where things are and what they look like. Format 1.

    <run>/
      run.json                 what was run, by whom, with which settings, since when
      exits.jsonl              how processes ended, as the supervisor saw it (a line each)
      p/<pid>-<start>-<n>/     one folder for each process, written by that process alone
        process.json           who it is; replaced as a whole when it learns its name
        records.jsonl          its log records
        events                 what crossed its border: a JSON object a line, see EVENTS
        out, err               what it printed, where capture is on
        faults.txt             faulthandler's file
        state                  the task in hand and the locks held (mmap), see `state.py`
        exit.json              its goodbye: why it is about to end, in its own words
        stops/<n>.json           one for each thread at a breakpoint; gone when it goes on
        stops/<n>.s              the socket at which that stop waits for a prompt
        stops/<n>.log            transcript of its prompts; stays
        ask.json                 what a reader asks of a running process, which removes it
        frames.ask, frames.json  the same for its stacks with locals, and the answer to it
      breaks.json                live breakpoints, written by `mpdebug break`
      counts/<key>               hits of a breakpoint over all processes, a byte each
      held.json                  the processes that a prompt has halted
      findings.jsonl             why it hung, as found while it did (a line each)
      stood                      empty; there once anybody stood at a breakpoint

`<start>` tells a reused pid: field 22 of /proc/PID/stat (clock ticks since boot), or where
there is no /proc the second at which the folder was made. `<n>` counts from 0: a process that
exec's begins a new folder.

Text is one JSON object a line. Every line of records.jsonl begins
`{"time":1732305600.123456,"mono":12345678901234,"n":0,` where `time` is epoch seconds with six
digits, `mono` is CLOCK_MONOTONIC in nanoseconds (one clock for all processes of a host: lines
of many processes are merged by it) and `n` counts up in each process, so that a gap shows.
The keys of a record after these, each left out where there is nothing to say:
`level`, `logger`, `event`, `thread`, `task`, `file`, `line`, `function`, `keys` (an object: the
structlog keys or stdlib `extra=`), `exception` (see `agent/exceptions.py`), `shown` (true: the
program itself printed it on our terminal), `held` (true: its own console handler does not want
records of this level), `queued` (true: handed to a QueueHandler of the
program's own, so another of its processes may print it), `marked` (what is wrong with it).

run.json: format, id, command (list), cwd, user, host, boot, python, version, supervisor
{pid, start} or null, started (epoch), mono, settings {name: value}; at the end also ended
(epoch) and status (as the shell sees it, negative for a signal); `aborted` (mono) where we
ended it because it hung.

process.json: format, pid, start, ppid, name, role, method, target, argv, executable, python,
started (epoch), mono, and where it applies: `named` (true once multiprocessing gave the name),
`faults` ("ours", "program": the program's faulthandler came first), `signals` {stacks, nudge,
why}: the numbers of the signals it answers (0: none), `prints_relayed` (true: it
prints the records of other processes itself).

exit.json: mono, time, kind, status, and where it applies `exception`, `message`, `where`,
`passed` (the repr of what sys.exit was given, if neither a number nor a text).
Kinds: "returned" (ran to its end), "exception", "exit" (sys.exit), "os._exit", "exec", "status"
(what multiprocessing ends with, where its target did not end so). A child
of multiprocessing that ends with status 0 and nothing to say leaves none.

A stop (stops/<n>.json): format, n, time, mono, kind ("breakpoint", "break": a live one,
"post_mortem", "failure": --pm, "attach": interrupted where it was), file, line, function,
source, thread, main_thread, header, locals {name: repr}, client (pid of the prompt in it, or
0), moving (true: it steps), and where it applies `exception` {type, message}, `tcp`.

breaks.json: format, version (of its content), last (id), breaks [{id, file, line, if, process,
hits}]. held.json: pids; by and start of the prompt that halted them.
ask.json: attach (true), by (pid), mono.

findings.jsonl: run, kind, certainty (proved, suspected), standing (somebody waits), title,
processes [{name, pid, key}], things [id], evidence [[label, text]], cure, settle, about, mono.

exits.jsonl: mono, time, pid, start, status (negative: a signal; null: its parent was quicker,
and tells), core, by ("wait", "pidfd"), maxrss (KiB), oom (true: the kernel's OOM counter of its
cgroup rose), cgroup.
"""

from __future__ import annotations

import os

from mpdebug import env
from mpdebug.real import Real

FORMAT = 1

CODE = "code.{}.{}"  # magic number of its byte code, level of -O; see `bundle.py`
RUN = "run.json"
EXITS = "exits.jsonl"
PROCESSES = "p"
SPARE = "spare"
SPARES = 8
"""At most so many folders are kept ready for new processes, named 0 to 7."""
PROCESS = "process.json"
RECORDS = "records.jsonl"
EVENTS = "events"
OUT = "out"
ERR = "err"
FAULTS = "faults.txt"
STATE = "state"
EXIT = "exit.json"
STOPS = "stops"
ASK = "ask.json"
FRAMES_ASK = "frames.ask"
FRAMES = "frames.json"
BREAKS = "breaks.json"
BREAKS_LOCK = "breaks.lock"
COUNTS = "counts"
HELD = "held.json"
FINDINGS = "findings.jsonl"
STOOD = "stood"

TEXT_CAP = 256 * 1024 * 1024
"""Bytes that one process may write to one text file; told in the file when it is reached."""

# Kinds of lines in `events`. Each has `mono` (ns) and `kind`; paths are `file:line`.
EV_STARTED = "started"  # multiprocessing started a process: pid name target method where daemon
#                     sentinel (inode of the pipe that tells of its end)
EV_SPAWNED = "spawned"  # an exec'ed child: pid argv how ("fork_exec", "posix_spawn") where
EV_EXEC = "exec"  # this process replaces itself: argv
EV_REAPED = "reaped"  # a child's exit status was read: pid status maxrss
EV_SIGNAL = "signal"  # a signal is sent: pid signal call where syscall (of a daemon)
#                       group (where pid is not above 0): the pids of the run that it reached
EV_SUBMITTED = "submitted"  # first of a row of jobs from one place: owner first call where pool
EV_OWNED = "owned"  # a worker process belongs to a Pool or executor: owner pid
EV_STOPPED = "stopped"  # a thread stands at a breakpoint: n why file line function reported
EV_RELEASED = "released"  # it goes on: n how (continue detach abort timeout gone exception)
EV_BREAKS = "breaks"  # it has read breaks.json: version, ids it watches, error, slow
EV_FAILED = "failed"  # a failure that --pm only counted: type where number (of its kind)
EV_TIMEOUT = "timeout"  # a time-out of the program struck: call seconds where begin
EV_MADE = "made"  # a thing to share was made: what call where inodes name size lock address pid
EV_NOTE = "note"  # something worth telling that is nobody's fault: text

# The same, of which only diagnosis makes something; the model has them as `Process.notes`.
EV_SITE = "site"  # where locks are taken: site (its number in `state`) file line function
EV_OPENED = "opened"  # a semaphore of another process was rebuilt here: address name inode lock
EV_UNOPENED = "unopened"  # or could not be: name lock error
EV_ORDER = "order"  # a lock was taken with another in hand: first second (addresses)
#                     first_where second_where thread
EV_NOT_OWNED = "not owned"  # a lock was released that this process had not taken: address where
EV_LEFT = "left"  # the process's work ends, and a lock is still taken: address where
EV_FORKED_BESIDE = "forked beside"  # in the child: its parent had other threads of the program
#                     at the fork: threads [{name, where, function}] where
EV_QUEUE = "queue"  # a Queue was made, or rebuilt here: what (class) reader writer (inodes)
#                     rlock wlock sem (addresses) size unfinished cond [4], where or rebuilt
EV_BARRIER = "barrier"  # a Barrier was made: parties where
EV_DROPPED = "dropped"  # a queue's item could not be pickled: reader type message item
EV_UNSENT = "unsent"  # at os._exit: items of a queue not sent: reader items sending (one more)
EV_UNREAD = "unread"  # at the end of who made a queue: items that nobody got: reader items
EV_EMPTY_LIED = "empty lied"  # Queue.empty() said True although items were put: reader where
EV_POOL = "pool"  # a Pool: owner what (made, closed, terminated, joined); made: size where;
#                   closed, terminated: left (number of unfinished jobs), jobs (the first)
EV_TASK_FAILED = "task failed"  # in a worker: owner job type message where text number
EV_FAILED_RESULT = "failed result"  # in the parent: owner job type message watched where number
EV_LOOKED = "looked"  # somebody looked at a failed result: owner job
CTRL_C = "ctrl-c"
INITIALIZER = "initializer"
EV_HANDLER_DIED = "handler died"  # a Pool's thread, or (what: broken) an executor: owner what
#                                   type message text
EV_EXITCODE = "exitcode"  # somebody read the exit code of a child: pid
EV_MISTAKE = "mistake"  # an exception that a program may well swallow: type message where
EV_READ_WRITE = "read write"  # a value was read, changed and written in one line, unlocked:
#                     what name thing (the same in all processes) where function
EV_COPY_CHANGED = "copy changed"  # of a manager's object a copy was fetched that could be
#                     changed: type where function position (line, end, column, end)
EV_ATTACHED = "attached"  # shared memory of another process: name inode tracker (inode) where
EV_UNLINKED = "unlinked"  # shared memory was unlinked: name where
EV_RANDOM = "random"  # a generator that was there before the fork was used: what state (hash)
#                     made where seeded
EV_DESCRIPTORS = "descriptors"  # they were used up: limit kinds {what: how many} where message
#                     ends (true: that ended the process)
EV_REMARK = "remark"  # anything else that diagnosis knows: what, and what goes with it;
#                       bus: pid (who died of SIGBUS) short [[path, mapped, there]] size free
#                       ctrl-c: own (the program handles it by more than KeyboardInterrupt);
#                       untracked: name (of shared memory, by hand);
#                       exiting: the exit begins to wait for children [pid] and queues (number)

NOTES = frozenset((
    EV_SITE, EV_OPENED, EV_UNOPENED, EV_ORDER, EV_NOT_OWNED, EV_LEFT, EV_FORKED_BESIDE,
    EV_QUEUE, EV_BARRIER, EV_DROPPED, EV_UNREAD, EV_UNSENT, EV_EMPTY_LIED, EV_POOL,
    EV_TASK_FAILED, EV_FAILED_RESULT, EV_LOOKED, EV_HANDLER_DIED, EV_EXITCODE, EV_MISTAKE,
    EV_READ_WRITE, EV_COPY_CHANGED, EV_ATTACHED, EV_UNLINKED, EV_RANDOM, EV_DESCRIPTORS,
    EV_REMARK,
))  # fmt: skip

# Roles of a process.
MAIN = "main"
WORKER = "worker"
POOL_WORKER = "pool worker"
EXECUTOR_WORKER = "executor worker"
FORKSERVER = "forkserver"
RESOURCE_TRACKER = "resource tracker"
MANAGER = "manager"
SUBPROCESS = "subprocess"
FORK = "fork"


def folder_name(pid: int, start: int, n: int) -> str:
    """The name of a process's folder below `p`."""
    return f"{pid}-{start}-{n}"


def parse_folder_name(name: str) -> tuple[int, int, int] | None:
    """(pid, start, n) of a folder below `p`, or None if it is not one."""
    parts = name.split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):  # noqa: PLR2004
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def start_of(pid: int | str = "self") -> int | None:
    """When the process started, in clock ticks since boot; None if it is gone or unknown."""
    text = _stat(pid) if env.HAS_PROC else b""
    if not text:
        return None
    at = 0
    for _ in range(START):  # not `split`: in a forked child each new object copies a page
        at = text.index(b" ", at) + 1
    return int(text[at : text.index(b" ", at)])


def is_alive(pid: int, start: int) -> bool:
    """Whether that very process still runs (a zombie does not)."""
    if not env.HAS_PROC:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    fields = _stat(pid).split(None, START + 1)
    return bool(fields) and int(fields[START]) == start and fields[0] not in (b"Z", b"X")


START = 19
"""Field 22 of /proc/PID/stat, counted from behind the command name, which may hold anything."""


def _stat(pid: int | str) -> bytes:
    """What /proc/PID/stat says behind the command name; empty if the process is gone."""
    try:
        fd = Real.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        stat = Real.read(fd, 480)
    except OSError:  # it ended between open and read
        return b""
    finally:
        Real.close(fd)
    return stat[stat.rindex(b")") + 2 :]


def boot_id() -> str:
    """What tells this boot of the machine from others; pids mean nothing across boots."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read().strip().decode()
    except OSError:
        return ""
