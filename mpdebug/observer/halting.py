"""Signals from a prompt: halting the processes that are not looked at, and killing one.

Each goes through a pidfd, after a look whether it is still the process that wrote the folder.
Who is halted stands in the run folder before the first signal is sent, so that the supervisor
does not take it for a stop of the program's own. Where the prompt is killed, its guardian lets
them go on.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from mpdebug import env
from mpdebug.observer.facts import as_int
from mpdebug.observer.guardian import Guardian
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import Process


guardians: dict[str, list[Guardian]] = {}
"""Run folder → who stands by for the processes that we have halted in it."""


def halt(path: str, processes: Sequence[Process]) -> list[Process]:
    """SIGSTOP these processes of the run in folder `path`; those that were halted.

    Raises:
        OSError: nobody would let them go on if this process were killed, so none is halted.
    """
    if not processes:
        return []
    note = os.path.join(path, layout.HELD)
    guardians.setdefault(path, []).append(Guardian(processes, signal.SIGCONT, note))
    before = _held(path).get("pids")
    pids = [process.pid for process in processes]
    held = [*(before if isinstance(before, list) else []), *pids]
    me = {"by": os.getpid(), "start": layout.start_of() or 0}
    lines.write_json(note, {"pids": held, **me})
    return [process for process in processes if not send(process, signal.SIGSTOP)]


def let_go(path: str, processes: Sequence[Process]) -> list[Process]:
    """Let those of the living processes go on that a prompt has halted; returns them."""
    for guardian in guardians.pop(path, ()):
        guardian.dismiss()
    pids = _held(path).get("pids")
    held = [one for one in processes if isinstance(pids, list) and one.pid in pids]
    gone_on = [process for process in held if not send(process, signal.SIGCONT)]
    try:
        os.unlink(os.path.join(path, layout.HELD))
    except FileNotFoundError:
        return gone_on
    return gone_on


def is_halted_by_us(path: str) -> bool:
    """Whether this very process has halted others of the run."""
    return as_int(_held(path).get("by")) == os.getpid()


def is_forgotten(path: str) -> bool:
    """Whether the prompt that has halted processes of this run was killed."""
    held = _held(path)
    by, start = as_int(held.get("by")), as_int(held.get("start"))
    return bool(by) and not layout.is_alive(by, start)


def send(process: Process, number: int) -> str:
    """Send a signal to that very process; "" when sent, else why not."""
    if not env.HAS_PIDFD:
        return "this platform has no pidfds"
    try:
        handle = os.pidfd_open(process.pid)
    except OSError as error:
        return error.strerror or str(error)
    try:
        if not layout.is_alive(process.pid, process.start):
            return "it has ended"
        signal.pidfd_send_signal(handle, number)
    except OSError as error:
        return error.strerror or str(error)
    finally:
        os.close(handle)
    return ""


def _held(path: str) -> dict[str, Any]:
    return lines.read_json(os.path.join(path, layout.HELD)) or {}
