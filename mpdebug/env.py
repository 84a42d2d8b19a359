"""What this interpreter and this platform do, as named behaviours.

The rest of the code asks for a behaviour, never for a version number or a platform name, so
that the reason stands in one place. `mpdebug --version --verbose` prints all of them.

Only the standard library's built-in modules are imported: every process loads this file.
"""

from __future__ import annotations

import os
import sys

LINUX = sys.platform.startswith("linux")
MACOS = sys.platform == "darwin"
WINDOWS = sys.platform == "win32"

PYTHON = ".".join(map(str, sys.version_info[:3]))
OLDEST = (3, 11)
SUPPORTED_PYTHON = sys.version_info >= OLDEST
"""The door steps aside in an older interpreter; nothing of ours is tested there."""

HAS_FORK = hasattr(os, "fork")
HAS_PIDFD = hasattr(os, "pidfd_open")
"""A descriptor that becomes readable when a process ends, whoever its parent is (Linux 5.3)."""

HAS_PROC = os.path.exists("/proc/self/stat")
"""Linux's /proc: start times, exit codes of zombies, environments, cgroups."""

HAS_SUBREAPER = LINUX
"""prctl(PR_SET_CHILD_SUBREAPER): orphans come to us, and with them their exit status."""

HAS_SIGINFO = LINUX
"""signalfd tells who sent a signal; elsewhere a kill and a Ctrl-C look the same."""

HAS_INOTIFY = LINUX
"""Readers sleep until a file changes; elsewhere they look every half second."""

HAS_FALLOCATE = hasattr(os, "posix_fallocate")
"""Reserve the blocks of a mapped file: a full disk must not become the program's SIGBUS."""

HAS_REALTIME_SIGNALS = LINUX
"""Signals that no program uses by accident; a running process can be entered by them."""

SLEEPS_FOR_SIGNALS = {
    "x86_64": {34: "pause", 128: "sigtimedwait", 130: "sigsuspend"},
    "aarch64": {137: "sigtimedwait", 133: "sigsuspend"},
}.get(os.uname().machine if LINUX else "", {})
"""System calls that a signal handler ends, so that the program sees a signal that it did not
get without us (numbers of /proc/PID/syscall)."""

WRITE = {"x86_64": 1, "aarch64": 64}.get(os.uname().machine if LINUX else "", -1)
"""The number of write(2), which a signal handler cuts short where part of it is written."""

READS = {
    "x86_64": {
        0: "read", 19: "read", 7: "poll", 271: "poll", 23: "select", 270: "select",
        232: "epoll", 281: "epoll", 441: "epoll",
    },
    "aarch64": {63: "read", 65: "read", 73: "poll", 72: "select", 22: "epoll", 441: "epoll"},
}.get(os.uname().machine if LINUX else "", {})  # fmt: skip
"""System calls in which a thread waits for input (numbers of /proc/PID/syscall)."""

SLEEPS = {
    "x86_64": {
        35: "sleep", 230: "sleep", 202: "futex", 61: "child", 247: "child", 1: "write",
        20: "write", 43: "accept", 288: "accept", 44: "write", 46: "write", 45: "read",
        47: "read", 73: "file lock", 72: "fcntl", 42: "connect",
    },
    "aarch64": {
        101: "sleep", 115: "sleep", 98: "futex", 260: "child", 95: "child", 64: "write",
        66: "write", 202: "accept", 242: "accept", 206: "write", 211: "write", 207: "read",
        212: "read", 32: "file lock", 25: "fcntl", 203: "connect",
    },
}.get(os.uname().machine if LINUX else "", {})  # fmt: skip
"""More system calls in which a thread waits, by what for (numbers of /proc/PID/syscall)."""

TIMEOUTS = {
    "x86_64": {
        7: (2, False), 271: (2, True), 23: (4, True), 270: (4, True), 232: (3, False),
        281: (3, False), 441: (3, True), 202: (3, True), 128: (2, True),
    },
    "aarch64": {
        73: (2, True), 72: (4, True), 22: (3, False), 441: (3, True), 98: (3, True),
        137: (2, True),
    },
}.get(os.uname().machine if LINUX else "", {})  # fmt: skip
"""System call → which of its arguments is the time-out, and whether that is a pointer (0: for
ever) or a number of milliseconds (negative: for ever)."""

SELECTS = {"x86_64": (23, 270), "aarch64": (72,)}.get(os.uname().machine if LINUX else "", ())
"""The system calls whose descriptors are sets of bits; those of the others are `pollfd`s."""

WAITID = (247, 95) if LINUX and SLEEPS else ()
"""The system call waitid, which names its child in the second argument, not in the first."""

PPOLL = 73 if LINUX and os.uname().machine == "aarch64" else -1
"""There, glibc's pause is a ppoll of nothing for ever."""

PEP829_START_FILES = sys.version_info >= (3, 15)
"""`NAME.start` files in site-packages replace the import lines of `NAME.pth` (PEP 829)."""

C_STACK_IN_FAULTS = sys.version_info >= (3, 14)
"""faulthandler writes the C stack below the Python stack."""

LAST_EXC = sys.version_info >= (3, 12)
"""An uncaught exception is kept in sys.last_exc; before, in sys.last_value."""

PEER_CREDENTIALS = (0, 1, 76) if MACOS else (1, 17, 12)
"""Level, option and size of the getsockopt that tells who is at the other end of AF_UNIX:
LOCAL_PEERCRED on macOS, SO_PEERCRED on Linux."""

MONITORING = sys.version_info >= (3, 12)
"""sys.monitoring (PEP 669): a breakpoint on one line costs the other lines nothing."""

LOCALS_WRITE_THROUGH = sys.version_info >= (3, 13)
"""`frame.f_locals` changes the frame itself (PEP 667); before, a copy of its locals."""

TAKES_EXCEPTIONS = sys.version_info >= (3, 13)
"""`Pdb.interaction` takes the exception itself, and shows the chain; before, its traceback."""

QUEUES_COMMANDS = sys.version_info >= (3, 14)
"""pdb runs the commands of a breakpoint at its prompt; before, without one."""

COMPLETES_EXPRESSIONS = sys.version_info >= (3, 13)
"""pdb completes bare expressions; before, only behind its own commands."""

DEFAULT_START_METHOD = (
    "spawn" if MACOS or WINDOWS else "forkserver" if sys.version_info >= (3, 14) else "fork"
)


def is_main_interpreter() -> bool:
    """Whether this is the process's main interpreter and not a sub-interpreter of it."""
    ask = getattr(sys.modules.get("_thread"), "_is_main_interpreter", None)  # 3.12 and newer
    if ask is None:
        known = __import__("_xxsubinterpreters")
        return bool(known.get_current() == known.get_main())
    return bool(ask())


def host() -> str:
    """The name of this machine; `socket.gethostname` would cost the import of socket."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def facts() -> list[tuple[str, bool | str, str]]:
    """All behaviours as rows (name, value, what it means when it is missing)."""
    return [
        ("supported python", SUPPORTED_PYTHON, "CPython 3.11 or newer is needed"),
        ("default start method", DEFAULT_START_METHOD, ""),
        ("fork", HAS_FORK, "children can only be spawned"),
        ("pidfd", HAS_PIDFD, "deaths are told by the parent process, a little later"),
        ("/proc", HAS_PROC, "start times and exit codes of strangers are unknown"),
        ("child subreaper", HAS_SUBREAPER, "the end of orphans is not seen"),
        ("who sent a signal", HAS_SIGINFO, "signals sent to mpdebug are passed on unchecked"),
        ("inotify", HAS_INOTIFY, "readers look every half second"),
        ("posix_fallocate", HAS_FALLOCATE, "the task in hand is not kept on a full disk"),
        ("C stack of a crash", C_STACK_IN_FAULTS, "only the Python stack is told (3.14+)"),
        (".start files", PEP829_START_FILES, "mpdebug.pth is used (3.15+ reads .start)"),
    ]
