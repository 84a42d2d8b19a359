"""Deaths by signal: which one, who sent it, and whether the program meant it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from mpdebug.diagnosis import faults, places, relations, shortage, tasks, unseen
from mpdebug.model import Death

if TYPE_CHECKING:
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Ended, Frame, Process, SignalSent

MEANINGS = {
    "SIGSEGV": "invalid memory access",
    "SIGBUS": "memory that is not there",
    "SIGABRT": "abort",
    "SIGFPE": "arithmetic error",
    "SIGILL": "illegal instruction",
    "SIGSYS": "forbidden system call",
    "SIGXCPU": "its CPU time limit, RLIMIT_CPU, is used up",
    "SIGXFSZ": "its file size limit, RLIMIT_FSIZE, is reached",
    "SIGPIPE": "it wrote to a pipe that nobody reads",
    "SIGALRM": "a timer that nobody handled",
    "SIGVTALRM": "a timer that nobody handled",
    "SIGPROF": "a profiling timer that nobody handled",
}
CRASHES = frozenset({"SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP"})
BY_KERNEL = CRASHES | {"SIGXCPU", "SIGXFSZ", "SIGPIPE", "SIGALRM", "SIGVTALRM", "SIGPROF"}
INTERRUPT = int(signal.SIGINT)
POLITE = frozenset({"SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"})
ASKS_TO_END = frozenset({"SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"})
BY_KEYBOARD = frozenset({"SIGINT", "SIGQUIT", "SIGHUP"})
"""What a terminal sends: the person did it, and knows."""

CURES = {
    "SIGBUS": "a file or shared memory is shorter than its mapping, or /dev/shm is full: "
    "look with df -h /dev/shm",
    "SIGXCPU": "raise the limit (ulimit -t), or do less in one process",
}
OOM_CURE = "give it more memory, or fewer workers or smaller pieces at a time"
BY_HAND = ("os.kill", "os.killpg")


def name_of(number: int) -> str:
    """`SIGKILL`; `SIGRTMIN+3` for real-time signals, `signal 77` for what has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        low = getattr(signal, "SIGRTMIN", 0)
        if low and low <= number <= signal.SIGRTMAX:
            return f"SIGRTMIN+{number - low}"
        return f"signal {number}"


def explain(process: Process, ended: Ended, people: Relations) -> Death:
    """The death of a process whose exit status is a signal."""
    number = -(ended.status or 0)
    name = name_of(number)
    sent = last_sent(process, number)
    if name == "SIGKILL" and ended.oom and sent is None:
        return _oom(process, ended, people)
    if sent is not None and _is_meant(process, sent, name, people):
        return _terminated(process, ended, name, sent, people)
    if sent is None and name in BY_KEYBOARD:
        return _death(process, ended, "terminated", f"ended by {name}", people, bad=False)
    if sent is None and name in POLITE and _went_with_main(process, ended, people):
        cause = f"ended by {name} together with the main process"
        return _death(process, ended, "terminated", cause, people, bad=False)
    bad = process.observed or name in CRASHES or name in ("SIGKILL", "SIGXCPU")
    meaning, details, cure = "", [], []
    if sent is not None:  # then it means nothing: no memory was missing, no limit reached
        details.append(("sent by", _sender(process, sent, people)))
    else:
        meaning = f" ({MEANINGS[name]})" if name in MEANINGS else ""
        cure = _cure(process, name, people) if bad else []
        if name not in BY_KERNEL:
            details.append(("sent by", unseen.sender(process, ended.mono, people)))
    return _death(
        process,
        ended,
        "signal",
        f"killed by {name}{meaning}",
        people,
        details=details,
        name=name,
        cure=cure,
        bad=bad,
    )


def _cure(process: Process, name: str, people: Relations) -> list[tuple[str, str]]:
    if name == "SIGBUS" and (why := shortage.of(process, people)):
        return why
    return [("cure", CURES[name])] if name in CURES else []


def last_sent(process: Process, number: int) -> SignalSent | None:
    """The signal of that number that this process was sent last by somebody of the run."""
    found = [sent for sent in process.signals if sent.signal == number]
    return found[-1] if found else None


def _is_meant(process: Process, sent: SignalSent, name: str, people: Relations) -> bool:
    """Whether who started a process ended it in a way that is made for that.

    A library's own os.kill is such a way: loky kills what is left of a broken executor, a
    server its workers.
    """
    if sent.sender == process.key or not people.is_ancestor(sent.sender, process):
        return False
    if sent.call not in BY_HAND or places.LIBRARY.search(sent.where):
        return True
    return name in POLITE or not relations.is_worker(process)


def asked_to_end(process: Process, mono: int, people: Relations) -> str:
    """`ended by its parent with SIGTERM`, if it was meant to end before `mono`; else empty.

    For a process that has a handler for the signal, and ends there with a status of its own.
    """
    for sent in process.signals:
        name = name_of(sent.signal)
        asks = name in ASKS_TO_END and sent.mono <= mono
        if asks and _is_meant(process, sent, name, people):
            return _ended_by(process, sent, name, people)
    return ""


def _went_with_main(process: Process, ended: Ended, people: Relations) -> bool:
    """Whether the same signal ended the main process: it was sent to all of them."""
    main = people.main
    if main is None or main is process or main.ended is None:
        return False
    return main.ended.status == ended.status


def _terminated(
    process: Process, ended: Ended, name: str, sent: SignalSent, people: Relations
) -> Death:
    what = _ended_by(process, sent, name, people)
    details = [("sent by", _sender(process, sent, people))]
    if sent.call == "exit" and process.role == "worker" and process.target:
        began = max(sent.mono - process.mono, 0) / 1e9
        details.append(("was running", f"{process.target}, for {began:.1f} s"))
    return _death(process, ended, "terminated", what, people, details=details, bad=False)


def _ended_by(process: Process, sent: SignalSent, name: str, people: Relations) -> str:
    by = "its parent" if sent.sender == process.parent else people.label(sent.sender)
    return {
        "exit": f"ended with {by}, as daemons are",
        "Pool.terminate": "ended with its Pool",
    }.get(sent.call, f"ended by {by} with {name}")


def _sender(process: Process, sent: SignalSent, people: Relations) -> str:
    call = sent.call or "os.kill"
    where = people.place_in(sent.sender, sent.where)
    how = f" at {where}" if where else ""
    if sent.sender == process.key:
        return f"itself,{how or ' by ' + call}"
    parent = ", its parent," if sent.sender == process.parent else ""
    return f"{people.label(sent.sender)}{parent} by {call}{how}"


def _oom(process: Process, ended: Ended, people: Relations) -> Death:
    cause = "killed by the kernel's OOM killer"
    cure = [("cure", OOM_CURE)]
    return _death(process, ended, "oom", cause, people, cure=cure, memory=True)


def _death(
    process: Process,
    ended: Ended,
    kind: str,
    cause: str,
    people: Relations,
    *,
    details: list[tuple[str, str]] | None = None,
    name: str = "",
    cure: list[tuple[str, str]] | None = None,
    memory: bool = False,
    bad: bool = True,
) -> Death:
    fault = faults.parse(process.faults) if name in CRASHES else None
    frames = places.program_frames(places.without_ours(fault.frames)) if fault else ()
    told = list(details or ())
    if frames:
        told.append(("at", _where(frames, people.cwd)))
    elif name in CRASHES and process.faults_by == "program":
        told.append(("stack", "written by the program's own faulthandler, usually to stderr"))
    if memory and ended.maxrss:
        told.append(("memory", f"{ended.maxrss // 1024:,} MB at its peak"))
    if bad and process.observed and process.method in relations.SPAWNED and not process.named:
        told.append(("when", "before it reached its target"))
    if process.task is not None:
        told.append(tasks.running(process.task, people.cwd))
    after = tasks.consequence(process, people, ended.mono) if bad else ""
    if after:
        told.append(("so", after))
    told += cure or []
    return Death(
        process=process,
        mono=ended.mono,
        cause=cause,
        kind=kind,
        bad=bad,
        detail=tuple(told),
        frames=frames,
        text=fault.text if fault else "",
        last_records=process.last_records,
    )


def _where(frames: tuple[Frame, ...], cwd: str) -> str:
    """The program's own line, and what it had called when that is not the same."""
    own = places.innermost(frames)
    if own is None:
        return ""
    text = places.frame_place(own, cwd)
    last = frames[-1]
    return text if last is own else f"{text}, in its call of {places.frame_place(last, cwd)}"
