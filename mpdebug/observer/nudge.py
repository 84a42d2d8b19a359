"""Asking a running process of a run: to look at its requests, to stop, to tell its stacks.

A real-time signal that nobody handles kills, and one that arrives in `pause()` ends it, so
each process is looked at before anything is sent: it must be the very process that wrote the
folder, handle the signal (`SigCgt`), let it in (`SigBlk`), and not sleep until a signal comes.
"""

from __future__ import annotations

import os
import signal
import time
from select import PIPE_BUF
from typing import TYPE_CHECKING, Any

from mpdebug import env
from mpdebug.observer.lively import LIVELY, with_running_threads
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import Process

WCHANS = ("pause", "sigtimedwait", "sigsuspend")
"""Where the kernel says that the thread sleeps, where its system call may not be read."""

GONE = "it has ended"
FULL = "it has no room for its answer: the disk of the run folder is full"

LOOKS = 5

QUIET = 0.05
"""Seconds of sleep by which the handler of an earlier signal would have ended."""

BUSY = 0.5
"""Seconds after which a process that runs and lets no signal in is not waited for any more."""

SHORTEST, LONGEST = 0.001, 0.02
"""Seconds between two looks for answers."""


def nudge(process: Process, *, force: bool = False) -> str:
    """Make a process look at what is wanted of it; "" when sent, else why it was not.

    Args:
        process: one with a folder.
        force: also where the signal ends a `pause()` or `sigwait()` of the program.
    """
    return _send(process, "nudge", force=force)[1]


def ask_attach(process: Process, by: int) -> None:
    """Leave a request to stop where it is, made by process `by`; then nudge it.

    The process takes the request away when it stops. Raises OSError.
    """
    path = os.path.join(process.folder, layout.ASK)
    lines.write_json(path, {"attach": True, "by": by, "mono": time.monotonic_ns()})


def is_asked(process: Process) -> bool:
    """Whether a request to stop is there that the process has not taken yet."""
    return os.path.exists(os.path.join(process.folder, layout.ASK))


def take_back(process: Process) -> bool:
    """Take a request back that was not answered; whether it was still there."""
    try:
        os.unlink(os.path.join(process.folder, layout.ASK))
    except FileNotFoundError:
        return False
    return True


def last_stack(
    process: Process, timeout: float = 1.0, *, force: bool = False
) -> tuple[str, str]:
    """(what all its threads are doing, "") now, or ("", why that cannot be told)."""
    return ask_stacks([process], timeout, force=force)[0]


def ask_stacks(
    processes: Sequence[Process], timeout: float = 1.0, *, force: bool = False
) -> list[tuple[str, str]]:
    """For each process (what all its threads are doing, "") or ("", why that is not told).

    All are asked before the first answer is read, so that many take little longer than one,
    and their stacks are of one moment.

    The text is faulthandler's: a stack for each thread, innermost frame first. It is written
    also where the main thread runs in C and does not come back to Python. Who has other threads
    that run is not asked (LIVELY).
    """
    answers = [("", f"it did not answer within {timeout:g} s")] * len(processes)
    paths = [os.path.join(process.folder, layout.FAULTS) for process in processes]
    before = [_size(path) for path in paths]
    waiting = _ask_all(processes, answers, force=force)
    end = time.monotonic() + timeout
    pause = SHORTEST
    while True:
        late = time.monotonic() >= end
        for at, number in list(waiting.items()):
            if text := _answer(paths[at], before[at], processes[at].pid, number):
                answers[at] = text, ""
                del waiting[at]
            elif not layout.is_alive(processes[at].pid, processes[at].start):
                answers[at] = "", GONE
                del waiting[at]
        if late:
            for at in [at for at in waiting if _is_full(paths[at])]:
                answers[at] = "", FULL
        if not waiting or late:
            return answers
        time.sleep(pause)
        pause = min(pause * 2, LONGEST)


def _ask_all(
    processes: Sequence[Process], answers: list[tuple[str, str]], *, force: bool
) -> dict[int, int]:
    """Send the signal to all; (place in the row → its number) of those that were sent one."""
    lively = with_running_threads(process.pid for process in processes)
    waiting: dict[int, int] = {}
    for at, process in enumerate(processes):
        number, why = (
            (0, LIVELY) if process.pid in lively else _send(process, "stacks", force=force)
        )
        if why:
            answers[at] = "", why
        else:
            waiting[at] = number
    return waiting


def settle(processes: Sequence[Process], number: int, within: float = 1.0) -> None:
    """Wait until no handler of this signal is at work in these processes any more.

    Two dumps that are written at the same time are one text that nobody can read.
    """
    end = time.monotonic() + within
    for process in processes:
        while _is_on_its_way(read_status(process.pid), number) and time.monotonic() < end:
            time.sleep(SHORTEST)


def _is_on_its_way(status: dict[str, str], number: int) -> bool:
    """Whether the signal waits for its handler, or that runs: it is blocked meanwhile."""
    sets = (int(status.get(name, "0"), 16) for name in ("SigBlk", "SigPnd", "ShdPnd"))
    return any(mask >> (number - 1) & 1 for mask in sets)


def _answer(path: str, before: int, pid: int, number: int) -> str:
    """What was added to the file, when all of it is there; else an empty text.

    faulthandler writes it in many pieces, from its handler; while that runs, the kernel keeps
    the signal blocked.
    """
    if _size(path) <= before:
        return ""
    if _is_on_its_way(read_status(pid), number):
        return ""
    with open(path, "rb") as file:
        file.seek(before)
        return file.read().decode("utf-8", "replace").strip("\n")


def _is_full(path: str) -> bool:
    """Whether the disk of a file has no room."""
    try:
        return os.statvfs(os.path.dirname(path)).f_bavail == 0
    except OSError:
        return False


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _send(process: Process, which: str, *, force: bool) -> tuple[int, str]:
    """(the signal that was sent, "") or (0, why none was)."""
    if not process.folder:
        return 0, f"it is not observed{f': {process.reason}' if process.reason else ''}"
    if not env.HAS_REALTIME_SIGNALS:
        return 0, "this platform has no real-time signals"
    try:
        handle = os.pidfd_open(process.pid)
    except OSError as error:
        return 0, _in_words(error)
    try:
        number, why = _number(process, which)
        why = why or _refuses(process.pid, number, force=force)
        if not why:
            signal.pidfd_send_signal(handle, number)
    except OSError as error:
        return 0, _in_words(error)
    finally:
        os.close(handle)
    return number, why


def _in_words(error: OSError) -> str:
    if isinstance(error, ProcessLookupError):
        return GONE
    if isinstance(error, PermissionError):
        return "it belongs to another user"
    return f"it cannot be signalled: {error.strerror}"


def _number(process: Process, which: str) -> tuple[int, str]:
    """The signal that this process listens for, or why there is none."""
    if not layout.is_alive(process.pid, process.start):
        return 0, GONE
    who = lines.read_json(os.path.join(process.folder, layout.PROCESS)) or {}
    said: dict[str, Any] = who.get("signals") or {}
    number = said.get(which)
    if not isinstance(number, int) or not 0 < number < signal.NSIG:
        return 0, str(said.get("why") or "it does not listen for such signals")
    return number, ""


def _refuses(pid: int, number: int, *, force: bool) -> str:
    """Why the signal must not be sent to this process, as the kernel sees it; "": it may."""
    status = read_status(pid)
    bit = 1 << (number - 1)
    if not status:
        return GONE
    if not int(status.get("SigCgt", "0"), 16) & bit:
        return f"it does not handle signal {number} any more"
    if int(status.get("SigBlk", "0"), 16) & bit and _blocks(pid, bit):
        return f"it blocks signal {number}"
    if status.get("State", "").startswith(("T", "t")):
        return "it is halted (SIGSTOP, or another debugger has it)"
    return "" if force else _would_disturb(pid)


def _would_disturb(pid: int) -> str:
    """What of the program any signal would change; empty if nothing."""
    if call := sleeps_for_signal(pid):
        return f"it waits for a signal ({call}), which this one would end"
    if prints_much(pid):
        return "it prints to a full pipe, and a signal could lose the rest of that"
    return ""


def _blocks(pid: int, bit: int) -> bool:
    """Whether that signal is blocked for longer than a handler, or a stop that begins, takes.

    That is told by how long it sleeps: on a busy machine it may not run for a while.
    """
    asleep, end = 0, time.monotonic() + BUSY
    while asleep < LOOKS and time.monotonic() < end:
        status = read_status(pid)
        if not int(status.get("SigBlk", "0"), 16) & bit:
            return False
        asleep += not status.get("State", "").startswith(("R", "D"))
        time.sleep(QUIET / LOOKS)
    return True


def read_status(pid: int, tid: int = 0) -> dict[str, str]:
    """/proc/PID/status of the main thread, or of another; empty if it is gone."""
    try:
        fd = os.open(f"/proc/{pid}/task/{tid or pid}/status", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        text = os.read(fd, 1 << 14).decode("ascii", "replace")
    except OSError:  # it ended between open and read
        return {}
    finally:
        os.close(fd)
    return dict([line.split(":\t", 1) for line in text.splitlines() if ":\t" in line])


def sleeps_for_signal(pid: int) -> str:
    """The call in which its main thread sleeps until a signal comes, or an empty text."""
    try:
        with open(f"/proc/{pid}/task/{pid}/syscall", "rb") as file:
            words = file.read().split()
    except OSError:  # ptrace is restricted: the kernel's word for where it sleeps
        return _by_wchan(pid)
    if not words or not words[0].isdigit():  # it runs
        return ""
    call = int(words[0])
    if call == env.PPOLL and words[1:4] == [b"0x0", b"0x0", b"0x0"]:
        return "pause"
    return env.SLEEPS_FOR_SIGNALS.get(call, "")


def prints_much(pid: int) -> bool:
    """Whether its main thread stands in the middle of a large write to its stdout or stderr.

    A handler ends the call where a part is written, and `python -u` does not write the rest.
    What is small is written as a whole, and what goes to other pipes is written in a loop.
    """
    try:
        with open(f"/proc/{pid}/task/{pid}/syscall", "rb") as file:
            words = file.read().split()
    except OSError:  # ptrace is restricted
        return False
    if len(words) < 4 or words[0] != b"%d" % env.WRITE:  # noqa: PLR2004 - or it runs
        return False
    return int(words[1], 16) in {1, 2} and int(words[3], 16) > PIPE_BUF


def _by_wchan(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/task/{pid}/wchan", encoding="ascii") as file:
            where = file.read()
    except (OSError, ValueError):
        return ""
    return next((call for call in WCHANS if call in where), "")
