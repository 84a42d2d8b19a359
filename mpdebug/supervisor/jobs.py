"""Job control: the shell sees one job, so we stop, go on and die as the program does."""

from __future__ import annotations

import contextlib
import os
import resource
import signal

from mpdebug.rundir import layout, lines
from mpdebug.supervisor import kernel


def is_stopped(pid: int) -> bool:
    """Whether the process is stopped by a signal (not by a debugger)."""
    return _state(pid) == b"T"


def _state(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return b""
    return stat[stat.rindex(b")") + 2 :][:1]


def stop_like(number: int) -> None:
    """Stop ourselves with the signal that stopped the program; returns when we were continued.

    SIGTSTP, SIGTTIN and SIGTTOU do nothing in an orphaned process group (no shell that could
    continue it), so what was not stopped by them is stopped by SIGSTOP.
    """
    before = signal.getsignal(number) if number != signal.SIGSTOP else None
    if before is not None:
        signal.signal(number, signal.SIG_DFL)
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    try:
        os.kill(os.getpid(), number)  # clears a pending SIGCONT, and we stand still here
        if number != signal.SIGSTOP and signal.SIGCONT not in signal.sigpending():
            os.kill(os.getpid(), signal.SIGSTOP)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if before is not None:
            signal.signal(number, before)


def stopped_by(pid: int) -> int | None:
    """The signal that stopped a child of ours; None if it is not newly stopped."""
    if not hasattr(os, "waitid"):
        return None
    with contextlib.suppress(ChildProcessError):
        found = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG)
        if found is not None:
            return found.si_status
    return None


def go_on(pid: int) -> None:
    """Let a stopped process go on, without losing the Ctrl-Z that came while it was stopped.

    SIGCONT drops the signals that wait to stop it. One that was just stopped because it read
    the terminal from the background would miss a Ctrl-Z that was meant for it.
    """
    again = _waits_to_stop(pid)
    os.kill(pid, signal.SIGCONT)
    if again:
        os.kill(pid, signal.SIGTSTP)


def _waits_to_stop(pid: int) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"ShdPnd:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGTSTP - 1) & 1)
    return False


def is_held(run: str, pid: int) -> bool:
    """Whether a prompt has halted this process, and will let it go on."""
    pids = (lines.read_json(os.path.join(run, layout.HELD)) or {}).get("pids")
    return isinstance(pids, list) and pid in pids


def left_group(pid: int) -> bool:
    """Whether the program left our process group though it could not have done so without us.

    A program that a shell starts leads its group, and making itself the leader does nothing.
    Below us it leaves the group and with it the foreground of the terminal.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        return os.getpgrp() == os.getpid() and os.getpgid(pid) != os.getpgrp()
    return False


def wants_terminal(pid: int, number: int) -> bool:
    """Whether the program was stopped only because it left our group for one of its own."""
    return number in {signal.SIGTTIN, signal.SIGTTOU} and left_group(pid)


def lend_terminal(pid: int) -> bool:
    """Make the program's process group the foreground of our terminal, if ours is that now."""
    for fd in (0, 1, 2):
        with contextlib.suppress(OSError):
            if os.tcgetpgrp(fd) == os.getpgrp():
                os.tcsetpgrp(fd, os.getpgid(pid))
                return True
    return False


def die_like(number: int) -> None:
    """Die of the signal that the program died of, without a core dump of our own.

    Returns only where the signal does not kill, which no signal does that killed the program.
    """
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(
            resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1])
        )
    with contextlib.suppress(OSError):
        kernel.forbid_core()
    with contextlib.suppress(OSError, ValueError):  # SIGKILL has no disposition to set
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
