"""What a test left behind: processes, shared memory, run folders.

Processes are found by a variable in their environment (`MARK`), because an orphan has no
parent of ours and a daemon no session. Shared memory is found by name and by who maps it:
other tests may run beside this one, and what a living process maps is no leftover.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

MARK = "MPDEBUG_TEST"
SHM = Path("/dev/shm")
SHM_NAMES = ("sem.mp-", "psm_", "pymp-")
PATIENCE = 5.0


def marked(mark: str) -> list[int]:
    """Living processes that carry this mark, oldest pid first; never the asking process."""
    needle = f"{MARK}={mark}".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            words = Path("/proc", name, "environ").read_bytes().split(b"\0")
            if needle in words and _state(int(name)) not in "ZX":
                found.append(int(name))
    return sorted(found)


def _state(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    return stat[stat.rindex(")") + 2]


def gone(pid: int, seconds: float) -> bool:
    """Wait until the process has ended (or is a zombie); False if it outlives the wait."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], seconds)[0])
    finally:
        os.close(fd)


def kill(pids: list[int]) -> None:
    """SIGKILL them, and wait until they are gone.

    Not the resource trackers: when all others are dead they take the names in /dev/shm away,
    and end. A name that stayed would be a leftover of whatever test runs beside this one.
    """
    trackers = [pid for pid in pids if is_tracker(pid)]
    for pid in pids:
        if pid not in trackers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    for pid in pids:
        if not gone(pid, PATIENCE) and pid in trackers:  # somebody else keeps it alive
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_tracker(pid: int) -> bool:
    """Whether the process is a resource tracker of multiprocessing or its kin."""
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def portrait(pid: int, *, abort: bool = False) -> str:
    """What can be said about a process that does not end: command, state, threads, stack.

    Args:
        pid: the process.
        abort: send SIGABRT, so that a process with faulthandler on (every observed one) writes
            its stacks. It dies of that, without a core file.
    """
    lines = []
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        lines.append(f"pid {pid}: {words.decode('utf-8', 'replace').strip()[:300]}")
        lines += [
            "    " + " ".join(line.split())
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith(("State", "PPid", "Threads", "SigPnd", "ShdPnd", "SigBlk"))
        ]
        for task in sorted(os.listdir(f"/proc/{pid}/task")):
            wait = Path(f"/proc/{pid}/task/{task}/wchan").read_text().strip()
            lines.append(f"    thread {task} waits in {wait}")
    spy = shutil.which("py-spy")
    if spy:
        done = subprocess.run(
            [spy, "dump", "--pid", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        lines.append(done.stdout or done.stderr)
    if abort:
        with contextlib.suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
            os.kill(pid, signal.SIGABRT)
            gone(pid, 1.0)
    return "\n".join(lines)


def stacks(folder: Path) -> str:
    """All stacks that faulthandler wrote below a folder of runs."""
    found = []
    for path in sorted(folder.glob("**/faults.txt")):
        text = path.read_text("utf-8", "replace")
        if text:
            found.append(f"--- {path.parent.name}/faults.txt\n{text}")
    return "\n".join(found)


def shared_memory() -> set[str]:
    """Names of multiprocessing's semaphores and segments in /dev/shm."""
    try:
        return {name for name in os.listdir(SHM) if name.startswith(SHM_NAMES)}
    except OSError:
        return set()


def unmapped(names: set[str], patience: float = PATIENCE) -> set[str]:
    """Those of the names that no living process maps and that do not go away.

    By inode: whoever made a named semaphore maps it under another, deleted name. The resource
    tracker of a program that just ended, perhaps another test's, takes a moment.
    """
    end = time.monotonic() + patience
    while True:
        inodes = {}
        for name in names:
            with contextlib.suppress(OSError):
                inodes[name] = (SHM / name).stat().st_ino
        used = mapped_inodes() if inodes else set()
        left = {name for name, inode in inodes.items() if inode not in used}
        if not left or time.monotonic() > end:
            return left
        select.select([], [], [], 0.1)


def mapped_inodes() -> set[int]:
    """The inodes below /dev/shm that living processes map."""
    used = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for line in Path("/proc", pid, "maps").read_text("utf-8", "replace").splitlines():
                if f"{SHM}/" in line:
                    used.add(int(line.split()[4]))
    return used


def runs(state_home: Path) -> list[Path]:
    """The run folders below a state folder, oldest first."""
    found = [path.parent for path in state_home.glob("mpdebug/*/p")]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)
