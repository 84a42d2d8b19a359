"""Who ended whom, and with which status: `os._exit`, the wait family, signals, getppid."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` makes enums: 2 ms
import os
import sys

from mpdebug.agent import faults, guard, process
from mpdebug.patch import registry
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAIN = layout.MAIN
BUS = getattr(_signal, "SIGBUS", -1)
CALLS = {
    "terminate": "terminate",
    "kill": "kill",
    "interrupt": "interrupt",
    "send_signal": "send_signal",
    "_terminate_pool": "Pool.terminate",
    "_exit_function": "exit",
    "terminate_workers": "ProcessPoolExecutor.terminate_workers",
    "kill_workers": "ProcessPoolExecutor.kill_workers",
    "terminate_broken": "ProcessPoolExecutor.terminate_broken",
    "_terminate_broken": "ProcessPoolExecutor.terminate_broken",
}
"""Functions of the standard library that end processes → the word for them."""

MOST_FOLDERS = 4096
"""So many processes of the run are asked for their group: 1 µs each, the dead included."""

STARTERS = (f"{os.sep}popen_fork.py", f"{os.sep}forkserver.py")
"""Files of multiprocessing and its kin that fork a child, and end it by `os._exit`."""


def patch_os() -> None:
    """Wrap the ends of processes in `os`."""
    registry.wrap_os("_exit", _exit)
    registry.wrap_os("kill", _kill)
    registry.wrap_os("killpg", _kill)
    registry.wrap_os("getppid", _getppid)
    wait4 = getattr(os, "wait4", None)
    if wait4 is not None:
        registry.wrap_os("waitpid", lambda original: _waitpid(original, wait4))
    for name in ("wait", "wait3", "wait4"):
        registry.wrap_os(name, _wait)
    registry.wrap_os("waitid", _waitid)
    signal = sys.modules.get("_signal")
    if signal is not None and hasattr(signal, "pidfd_send_signal"):
        registry.wrap(signal, "pidfd_send_signal", _pidfd_send_signal)


def _exit(original: Any) -> Any:
    def _exit(*args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            here = process.here
            status = args[0] if args else kwargs.get("status")
            if here is not None and not here.said_goodbye:
                if sys._getframe(1).f_code.co_filename.endswith(STARTERS):  # noqa: SLF001
                    here.goodbye("status")  # it lets nothing through that a child raises
                else:
                    here.goodbye("os._exit", status=status, where=guard.where())
                queues: Any = sys.modules.get("mpdebug.patch.queues")
                if queues is not None:
                    queues.tell_unsent()
        try:
            return original(*args, **kwargs)
        except BaseException as error:  # a wrong argument: the program lives on
            guard.drop_frame(error)
            raise

    return _exit


def _call(word: str) -> str:
    """Through which function of the standard library a signal is sent; `word` if none."""
    frame = sys._getframe(2)  # noqa: SLF001
    while frame is not None:
        code = frame.f_code
        if not guard.is_ours_or_stdlib(code.co_filename):
            break
        found = CALLS.get(code.co_name)
        if found is not None and not code.co_filename.startswith(guard.OURS):
            owner = frame.f_locals.get("self")
            word = found if "." in found or owner is None else f"{type(owner).__name__}.{found}"
            if found == "exit":
                word = "exit"
        frame = frame.f_back  # type: ignore[assignment]
    return word


def _stands_in(pid: int) -> str:
    """The system call of a daemon that is about to be ended: whether it has work in hand."""
    try:
        with open(f"/proc/{pid}/syscall", "rb") as file:
            return file.read(200).decode("ascii").strip()
    except OSError:
        return ""


def _reached(pid: int, folder: str) -> list[int]:
    """Processes of the run that a signal to this group (0, -1: as of kill) reaches now.

    Later nobody can tell: they change their groups, and end. The leader of the group is one of
    them also where it has no folder: a program that was started with a session of its own.
    """
    try:
        names = os.listdir(folder)
    except OSError:  # no descriptor is left, or no right to read
        names = []
    found = map(layout.parse_folder_name, names[:MOST_FOLDERS])
    pids = {os.getpid(), *(one[0] for one in found if one)}
    if pid < -1:
        pids.add(-pid)
    group = -pid or os.getpgrp()
    return sorted(one for one in pids if _is_in(group, one, everybody=pid == -1))


def _is_in(group: int, pid: int, *, everybody: bool) -> bool:
    """Whether a process is in the group; of `everybody` all are but who sends the signal."""
    try:
        found = os.getpgid(pid)
    except OSError:  # it is gone
        return False
    return pid != os.getpid() if everybody else found == group


def _kill(original: Any) -> Any:
    def kill(*args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            if faults.quit_key and args == (os.getpid(), faults.quit_key):
                faults.unregister(faults.quit_key)  # not the key: it means to end itself
            if process.here is not None and len(args) > 1 and args[1]:
                pid = args[0] if original.__name__ == "kill" else -args[0]
                call = _call(f"os.{original.__name__}")
                more: dict[str, Any] = {}
                if pid <= 0:
                    more["group"] = _reached(pid, os.path.dirname(process.here.path))
                process.here.event(
                    layout.EV_SIGNAL,
                    pid=pid,
                    signal=int(args[1]),
                    call=call,
                    where=guard.where(),
                    syscall=_stands_in(pid) if call == "exit" else "",
                    **more,
                )
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return kill


def _pidfd_send_signal(original: Any) -> Any:
    def pidfd_send_signal(*args: Any, **kwargs: Any) -> Any:
        with guard.quiet:
            pid = _pid_of_pidfd(args[0])
            if process.here is not None and pid > 0 and len(args) > 1 and args[1]:
                process.here.event(
                    layout.EV_SIGNAL,
                    pid=pid,
                    signal=int(args[1]),
                    call=_call("os.kill"),
                    where=guard.where(),
                )
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return pidfd_send_signal


def _pid_of_pidfd(fd: int) -> int:
    with open(f"/proc/self/fdinfo/{fd}", "rb") as file:
        for line in file:
            if line.startswith(b"Pid:"):
                return int(line[4:])
    return 0


def _reaped(pid: int, status: int, maxrss: int) -> None:
    """A child's end was read by this process. `status` as waitpid gives it."""
    if (
        pid > 0
        and process.here is not None
        and (os.WIFEXITED(status) or os.WIFSIGNALED(status))
    ):
        process.here.event(
            layout.EV_REAPED, pid=pid, status=os.waitstatus_to_exitcode(status), maxrss=maxrss
        )
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == BUS:
            from mpdebug.agent import shortage  # noqa: PLC0415 - once, if ever

            shortage.tell(pid)


def _waitpid(original: Any, wait4: Any) -> Any:
    """Waitpid is wait4 without the memory figure; so ask wait4, and answer as waitpid."""

    def waitpid(*args: Any, **kwargs: Any) -> Any:
        try:
            if not kwargs and len(args) == 2 and _tells_memory():  # noqa: PLR2004
                pid, status, usage = wait4(*args)
                maxrss = usage.ru_maxrss
            else:
                pid, status = original(*args, **kwargs)
                maxrss = 0
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if pid:
            with guard.quiet:
                _reaped(pid, status, maxrss)
        return pid, status

    return waitpid


asked_for_memory = False


def _tells_memory() -> bool:
    """Whether wait4 works: it imports `resource`, and takes whatever module has that name.

    The program may have a `resource.py` of its own, or no right to read the library any more.
    """
    global asked_for_memory  # noqa: PLW0603
    found = sys.modules.get("resource")
    if found is None and not asked_for_memory:
        asked_for_memory = True
        with guard.quiet:
            here = process.here
            if here is not None and here.who["method"] != "fork" and guard.may_import():
                found = __import__("resource")
    return hasattr(found, "struct_rusage")


def _wait(original: Any) -> Any:
    def wait(*args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            _reaped(result[0], result[1], result[2].ru_maxrss if len(result) > 2 else 0)  # noqa: PLR2004
        return result

    return wait


def _waitid(original: Any) -> Any:
    def waitid(*args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        with guard.quiet:
            if result is not None and process.here is not None and result.si_pid > 0:
                if result.si_code == os.CLD_EXITED:
                    status = result.si_status
                elif result.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
                    status = -result.si_status
                else:
                    return result
                process.here.event(layout.EV_REAPED, pid=result.si_pid, status=status, maxrss=0)
        return result

    return waitid


def _getppid(original: Any) -> Any:
    """An orphan's parent is the supervisor, a subreaper; the program asks whether it is 1."""

    def getppid(*args: Any, **kwargs: Any) -> Any:
        try:
            pid = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        here = process.here
        if here is not None and pid == here.settings.supervisor and here.who["role"] != MAIN:
            return 1
        return pid

    return getppid
