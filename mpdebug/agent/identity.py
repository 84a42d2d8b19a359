"""Who this process is: its role, its name, how it was started.

An exec'ed interpreter is known by its command line (multiprocessing's own helpers have one
each); a forked child by what `Process.start` announced in its parent. Under spawn and
forkserver multiprocessing's name for a child comes later, from the `_bootstrap` patch.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from mpdebug.agent import encode
from mpdebug.real import Real
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mpdebug.settings import Settings

# A piece of the command line (after -c, or a module) → (role, start method).
HELPERS = (
    (".forkserver import main", layout.FORKSERVER, "exec"),
    (".resource_tracker import main", layout.RESOURCE_TRACKER, "exec"),
    (".semaphore_tracker import main", layout.RESOURCE_TRACKER, "exec"),
    (".spawn import spawn_main", layout.WORKER, "spawn"),
    (".spawn import main", layout.WORKER, "spawn"),
)
LOKY = ".loky.backend.popen_loky_posix"
TRAITS = ("role", "name", "method", "target", "named")


def is_light(argv: list[str]) -> bool:
    """Whether this is a helper that must be left alone (the resource tracker)."""
    return any(".resource_tracker import main" in arg for arg in argv[1:4])


def of_exec(settings: Settings) -> dict[str, Any]:
    """What an interpreter that just started can say about itself."""
    role, method, name = _role(list(sys.orig_argv), settings)
    return {"name": name, "role": role, "method": method}


program: list[str] = []


def of_program() -> str:
    """What a process shares with the children that it forks, as the inside of a JSON object.

    Made once: a forked child that builds it again copies some thirty pages of its parent.
    """
    if not program:
        said = {
            "argv": list(sys.orig_argv),
            "executable": sys.executable,
            "python": sys.version.split()[0],
        }
        program.append(encode.encode_object(said)[1:-1])
    return program[0]


def _role(argv: list[str], settings: Settings) -> tuple[str, str, str]:
    if settings.main:
        return layout.MAIN, "exec", "MainProcess"
    for piece, role, method in HELPERS:
        if any(piece in arg for arg in argv[1:]):
            name = role if role != layout.WORKER else f"{method}-{Real.getpid()}"
            return role, method, name
    for place, arg in enumerate(argv):
        if arg.endswith(LOKY):
            return layout.WORKER, "loky", _option(argv[place:], "--process-name")
    return layout.SUBPROCESS, "exec", _script_name(argv)


def _option(argv: list[str], option: str) -> str:
    """The value after an option, or a name made of the pid."""
    place = argv.index(option) + 1 if option in argv else len(argv)
    return argv[place] if place < len(argv) else f"loky-{Real.getpid()}"


def _script_name(argv: list[str]) -> str:
    """A short name for a command line: the script's file name, `-m module`, or `-c`."""
    rest = iter(argv[1:])
    for arg in rest:
        if arg in {"-X", "-W", "--check-hash-based-pycs"}:
            next(rest, "")
        elif arg.startswith("-") and arg != "-" and not arg.startswith("--"):
            for place, letter in enumerate(arg[1:], 2):
                if letter == "m":
                    return f"-m {arg[place:] or next(rest, '')}"
                if letter == "c":
                    return "-c"
                if letter in "XW":
                    break
        elif not arg.startswith("--"):
            return os.path.basename(arg)
    return "python"


announced: tuple[int, dict[str, Any]] | None = None
"""(thread, who) of the Process that this process is about to start, told by its `start`."""


def announce(process: Any) -> dict[str, Any]:
    """Say who will be born: worked out here, where it costs the forked child nothing."""
    global announced  # noqa: PLW0603
    who = {**of_process(process), "method": "fork"}
    announced = (get_ident(), who)
    return who


def of_fork(parent: dict[str, Any], pid: int) -> dict[str, Any]:
    """What a forked child can say: what its parent announced, if the same thread forked."""
    if announced is not None and announced[0] == get_ident():
        return announced[1]
    if parent["role"] == layout.FORKSERVER:
        return {"name": f"forkserver-{pid}", "role": layout.WORKER, "method": "forkserver"}
    return {"name": f"fork-{pid}", "role": layout.FORK, "method": "fork"}


def not_any_more() -> None:
    """The Process has been started (or not): a later fork is somebody else."""
    global announced  # noqa: PLW0603
    announced = None


def of_process(process: Any) -> dict[str, Any]:
    """Name, role and target of a multiprocessing Process object."""
    target = getattr(process, "_target", None)
    if target is None:
        kind = type(process)
        text = f"{kind.__module__}.{kind.__qualname__}.run"
    else:
        kind = target if hasattr(target, "__qualname__") else type(target)  # a callable object
        text = f"{getattr(kind, '__module__', '')}.{kind.__qualname__}"
    return {
        "name": str(getattr(process, "_name", "") or ""),
        "role": role_of_target(text),
        "target": text.removeprefix("__main__.").removeprefix("__mp_main__."),
        "named": True,
    }


def role_of_target(target: str) -> str:
    """The role of a child by what it was started to run."""
    if target.endswith((".pool.worker", "pool.Worker.run")):
        return layout.POOL_WORKER
    if target.endswith("._process_worker"):
        return layout.EXECUTOR_WORKER
    if target.endswith("BaseManager._run_server"):
        return layout.MANAGER
    return layout.WORKER


def before_exec(folder: str, pid: int, start: int, n: int) -> dict[str, Any]:
    """What the process was before it exec'ed: the main process stays the main process."""
    path = os.path.join(folder, layout.folder_name(pid, start, n - 1), layout.PROCESS)
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return {}
    if f'"role":"{layout.MAIN}"'.encode() in text:
        return {"role": layout.MAIN, "name": "MainProcess"}
    return {}


def is_chosen(settings: Settings, who: dict[str, Any]) -> bool:
    """Whether `--only` and `--ignore` leave this process to us. The main process always is."""
    if not (settings.only or settings.ignore) or who["role"] in {
        layout.MAIN,
        layout.FORKSERVER,
    }:
        return True
    from fnmatch import fnmatchcase  # noqa: PLC0415 - only who uses patterns pays for them

    texts = [who["name"], who.get("target", ""), " ".join(sys.orig_argv)]

    def matches(patterns: str) -> bool:
        return any(fnmatchcase(text, p) for text in texts for p in patterns.split(",") if text)

    if settings.ignore and matches(settings.ignore):
        return False
    return (
        not settings.only
        or matches(settings.only)
        or not (who.get("named") or who["role"] == layout.SUBPROCESS)
    )


def thread_name() -> tuple[str, bool]:
    """The name of this thread, and whether it is the main one."""
    threading = sys.modules.get("threading")
    if threading is None:
        return "MainThread", True
    known = threading._active.get(get_ident())  # noqa: SLF001 - current_thread() may make one
    name = getattr(known, "name", f"thread-{get_ident()}")
    return str(name), known is threading.main_thread()
