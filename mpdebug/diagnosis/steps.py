"""A stack in a few steps: what everybody knows of libraries is shortened, the program is not.

Also what a stack alone tells: whether a thread waits for its next work, and whether it is one
that a library keeps for itself.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places
from mpdebug.model_stacks import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import Frame

FOR_WORK = "idle: waits for work"
FOR_REQUESTS = "idle: waits for requests"
ENTERS = "SemLock.__enter__"

MP = r"/(?:multiprocess(?:ing)?|billiard|loky|loky/backend)/"
LEFT_OUT = re.compile(r"^<frozen |/mpdebug/(?:agent|patch|entry)/")
"""Never shown: the import system, and our own wrappers."""

LOCK_WRAPPERS = re.compile(r"/mpdebug/patch/lock_\w+\.py$")
"""These call C themselves: nothing of `SemLock.__enter__`, for which they stand, is below."""

STOPPING = re.compile(r"/mpdebug/agent/|/(?:bdb|pdb)\.py$")
"""What stands below the program's line in a thread that is stopped at a breakpoint."""

BEGINS = re.compile(
    MP + r"(?:process|spawn|forkserver|context|popen_\w+)\.py$"
    r"|/threading\.py$|/runpy\.py$|^<string>$"
)
"""How processes and threads come to the function that they were started for."""

THREAD_BEGINS = ("_bootstrap", "_bootstrap_inner", "run")

LOOPS = {
    "pool.py": "worker",
    "process.py": "_process_worker",  # of concurrent.futures
    "thread.py": "_worker",
    "process_executor.py": "_process_worker",  # of loky
}
"""The loops in which workers take one piece of work after the other."""

HELPERS = {
    "pool.py": ("_handle_workers", "_handle_tasks", "_handle_results"),
    "process.py": ("run",),  # the executor's thread
    "process_executor.py": ("run",),
    "queues.py": ("_feed",),
    "managers.py": ("accepter", "serve_client", "handle_request"),
    "handlers.py": ("_monitor",),  # logging's QueueListener
    "resource_sharer.py": ("_serve",),
}
"""Where the threads begin that libraries keep for themselves."""

SERVERS = {
    "forkserver.py": "main",
    "managers.py": "serve_forever",
    "resource_tracker.py": "main",
}
SENDS = ("send", "send_bytes", "_send", "_send_bytes", "put")
"""A helper that stands in one of these is no idle one: nobody reads what it sends."""

NATIVE = re.compile(r"\.so(?:\.[\d.]+)?$|/bin/python[\d.]*t?$|\.(?:c|cc|cpp|h|rs)$|^0x|^\[|^$")
"""Where code comes from that is not Python."""

MANY = 3
"""So many frames of an installed package in a row are shown."""


def steps(frames: Sequence[Frame], *, stopped: bool = False) -> tuple[Step, ...]:
    """A stack as what is worth reading of it.

    Args:
        frames: outermost first; functions with their class where that is known.
        stopped: the process stands at a breakpoint: the debugger's frames are left out.
    """
    rest = _body(frames, stopped=stopped)
    found: list[Step] = []
    runs = [(kind, list(row)) for kind, row in groupby(rest, _kind)]
    for at, (kind, row) in enumerate(runs):
        if kind == "own":
            found += [step(frame) for frame in row]
        elif kind == "native":
            named = [frame for frame in row if not frame.function.startswith("0x")]
            found += [Step(frame.function, own=False) for frame in named]
        elif kind == "installed":
            found += _installed(row)
        else:
            inner = {kind for kind, _ in runs[at + 1 :]}
            found += _known(row, is_last=inner <= {"native"})
    return tuple(found)


def _body(frames: Sequence[Frame], *, stopped: bool = False) -> list[Frame]:
    """The stack from the function on for which the process or thread was started."""
    rest = list(frames)
    if stopped:
        at = next((at for at, one in enumerate(rest) if STOPPING.search(one.file)), len(rest))
        if not any(_kind(one) == "own" for one in rest[at:]):
            rest = rest[:at]
    rest = list(places.after_fork(rest))
    rest = [one for one in map(_without_us, rest) if not LEFT_OUT.search(one.file)]
    while len(rest) > 1 and _begins(rest[0]):
        rest.pop(0)
    return rest


def _without_us(frame: Frame) -> Frame:
    """The frame that would be there in the place of this one if nothing were wrapped."""
    if base(frame) == "__enter__" and LOCK_WRAPPERS.search(frame.file):
        return replace(frame, file="<multiprocessing.synchronize>", function=ENTERS)
    return frame


def _python(frames: Sequence[Frame]) -> list[Frame]:
    return [frame for frame in _body(frames) if _kind(frame) != "native"]


def _begins(frame: Frame) -> bool:
    name = base(frame)
    if _kind(frame) == "native":
        return True
    if frame.file.endswith("/threading.py"):
        return name in THREAD_BEGINS
    if frame.file.endswith("/forkserver.py"):
        return name != "main"
    if re.search(r"/concurrent/futures/", frame.file):
        return False
    return bool(BEGINS.search(frame.file))


def base(frame: Frame) -> str:
    """The function's name without its class."""
    return frame.function.rpartition(".")[2]


def stem(frame: Frame) -> str:
    """The file's name without its folders."""
    return frame.file.rpartition("/")[2]


def _kind(frame: Frame) -> str:
    return kind_of(frame.file)


@functools.lru_cache(maxsize=1024)
def kind_of(file: str) -> str:
    """Whose file it is: "own" of the program, "known" of Python, "installed", or "native"."""
    if NATIVE.search(file):
        return "native"
    if not places.LIBRARY.search(file):
        return "own"
    if re.search(MP, file):
        return "known"
    return "installed" if re.search(r"/(?:site|dist)-packages/", file) else "known"


def _known(row: list[Frame], *, is_last: bool) -> list[Step]:
    """The loop of a worker, and the call of the standard library that was made.

    What that call does inside is nobody's concern, nor is what stands between the loop and
    the program's function.
    """
    found: list[Step] = []
    loop = next((at for at, frame in enumerate(row) if _is_loop(frame)), -1)
    if loop >= 0:
        found.append(_named(row[loop]))
        row = row[loop + 1 :] if is_last else []
    return found + [_named(frame) for frame in row[:1]]


def _installed(row: list[Frame]) -> list[Step]:
    if len(row) <= MANY:
        return [step(frame) for frame in row]
    return [step(row[0]), Step(f"… {len(row) - 2} more", own=False), step(row[-1])]


def step(frame: Frame) -> Step:
    """One line, with its place and source."""
    own = _kind(frame) == "own"
    return Step(frame.function, own, frame.file, frame.line, frame.line, frame.source)


def _named(frame: Frame) -> Step:
    """A call that everybody knows: `SimpleQueue.get`, `pool.worker`."""
    name = frame.function
    if "." not in name:
        module = frame.file.removesuffix("/__init__.py").removesuffix(".py")
        name = f"{module.rpartition('/')[2]}.{name}"
    return Step(name, own=False)


def _is_loop(frame: Frame) -> bool:
    return LOOPS.get(stem(frame)) == base(frame) and _kind(frame) != "own"


def idle(frames: Sequence[Frame]) -> str:
    """What a thread without work waits for, in words; empty where it does something."""
    rest = _python(frames)
    if not rest or any(_kind(frame) == "own" for frame in rest):
        return ""
    if SERVERS.get(stem(rest[0])) == base(rest[0]):
        return FOR_REQUESTS
    loops = [at for at, frame in enumerate(rest) if _is_loop(frame)]
    if not loops:
        return ""
    below = rest[loops[-1] + 1 :]
    return FOR_WORK if not below or base(below[0]) == "get" else ""


def is_helper(frames: Sequence[Frame]) -> bool:
    """Whether it is a thread that a library keeps for itself, and that waits."""
    rest = _python(frames)
    if not rest or any(_kind(frame) == "own" for frame in rest):
        return False
    if base(rest[0]) not in HELPERS.get(stem(rest[0]), ()):
        return False
    return not any(base(frame) in SENDS for frame in rest)
