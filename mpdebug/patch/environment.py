"""Keep our two environment variables alive on every road to a new program.

A program may pass an `env=` of its own, or change PYTHONPATH in os.environ: its children would
be lost to us. So the three roads of CPython are wrapped: `_posixsubprocess.fork_exec` (also
under multiprocessing's spawn and forkserver, loky, billiard, execnet), `os.posix_spawn(p)`
(subprocess's first choice from 3.13 on) and `os.exec*`. Only our keys are added, to a copy;
argv is never touched. Where anything about the call is not as expected, it goes as it came.
"""

from __future__ import annotations

import os
import sys

from mpdebug.agent import guard, process
from mpdebug.patch import registry
from mpdebug.rundir import layout
from mpdebug.settings import OFF, VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

DOOR = os.path.join(guard.OURS, "entry", "door")
ENV_LIST = 5
"""Place of the environment among fork_exec's arguments, 3.11 to 3.15 (the rest varies)."""

value = ""
"""What VARIABLE is in a child's environment; empty while we are not installed."""


def with_door(pythonpath: str) -> str:
    """PYTHONPATH with the door first; without an empty entry, which would mean the cwd."""
    rest = [part for part in pythonpath.split(os.pathsep) if part != DOOR] if pythonpath else []
    return os.pathsep.join([DOOR, *rest])


def is_complete() -> bool:
    """Whether a child that inherits os.environ as it is now will find the door."""
    environ = os.environ
    return (
        not value
        or OFF in environ
        or (
            environ.get(VARIABLE) == value
            and environ.get("PYTHONPATH", "").split(os.pathsep, 1)[0] == DOOR
        )
    )


def complete(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """An environment with our keys in it."""
    env = dict(pairs)
    if OFF not in env:
        env[VARIABLE] = value
        env["PYTHONPATH"] = with_door(env.get("PYTHONPATH", ""))
    return env


def _env_of(given: Any) -> dict[str, str] | None:
    """A completed copy of an `env=` mapping; None: leave it as it is."""
    if given is None:
        return None if is_complete() else complete(os.environ.items())
    return complete((os.fsdecode(k), os.fsdecode(v)) for k, v in given.items())


def _env_list_of(given: Any) -> list[bytes] | None:
    """The same for the list of b"K=V" that fork_exec takes."""
    if given is None:
        if is_complete():
            return None
        pairs = list(os.environ.items())
    else:
        pairs = []
        for item in given:
            key, _, text = os.fsdecode(item).partition("=")
            pairs.append((key, text))
    return [os.fsencode(f"{key}={text}") for key, text in complete(pairs).items()]


def patch(module: ModuleType) -> None:
    """Wrap `_posixsubprocess.fork_exec`, also where subprocess has it already."""
    original = registry.wrap(module, "fork_exec", _fork_exec)
    subprocess = sys.modules.get("subprocess")
    if original is not None and getattr(subprocess, "_fork_exec", None) is original:
        registry.put(subprocess, "_fork_exec", module.fork_exec)


def _fork_exec(original: Any) -> Any:
    def fork_exec(*args: Any, **kwargs: Any) -> Any:
        given = args
        with guard.quiet:
            if value and len(args) > ENV_LIST:
                env = _env_list_of(args[ENV_LIST])
                if env is not None:
                    given = (*args[:ENV_LIST], env, *args[ENV_LIST + 1 :])
        try:
            pid = original(*given, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        _spawned(pid, args[0], "fork_exec")
        return pid

    return fork_exec


def _spawned(pid: Any, argv: Any, how: str) -> None:
    with guard.quiet:
        if process.here is not None and type(pid) is int:
            words = [os.fsdecode(arg)[:2000] for arg in list(argv)[:64]]
            process.here.event(
                layout.EV_SPAWNED, pid=pid, argv=words, how=how, where=guard.where()
            )


def patch_os() -> None:
    """Wrap os.posix_spawn, os.posix_spawnp and the exec family's two ends."""
    for name in ("posix_spawn", "posix_spawnp"):
        registry.wrap_os(name, _posix_spawn)
    execve = registry.wrap_os("execve", _execve)
    if execve is not None:
        registry.wrap_os("execv", lambda execv: _execv(execv, execve))


def _posix_spawn(original: Any) -> Any:
    def posix_spawn(*args: Any, **kwargs: Any) -> Any:
        given = args
        with guard.quiet:
            if value and len(args) > 2:  # noqa: PLR2004 - (path, argv, env)
                env = _env_of(args[2])
                if env is not None:
                    given = (*args[:2], env, *args[3:])
        try:
            pid = original(*given, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        _spawned(pid, args[1], "posix_spawn")
        return pid

    return posix_spawn


def _about_to_exec(argv: Any) -> None:
    with guard.quiet:
        if process.here is not None and process.here.pid == os.getpid():
            words = [os.fsdecode(arg)[:2000] for arg in list(argv)[:64]]
            process.here.event(layout.EV_EXEC, argv=words)
            process.here.goodbye("exec", force=True, message=" ".join(words)[:500])


def _exec_failed() -> None:
    with guard.quiet:
        if process.here is not None and process.here.pid == os.getpid():
            process.here.take_goodbye_back()


def _execve(original: Any) -> Any:
    def execve(*args: Any, **kwargs: Any) -> Any:
        given = args
        with guard.quiet:
            if value and len(args) > 2:  # noqa: PLR2004
                env = _env_of(args[2])
                if env is not None:
                    given = (*args[:2], env, *args[3:])
        _about_to_exec(args[1] if len(args) > 1 else ())
        try:
            return original(*given, **kwargs)
        except BaseException as error:
            _exec_failed()
            guard.drop_frame(error)
            raise

    return execve


def _execv(original: Any, execve: Any) -> Any:
    """Execv takes the environment of the process, which may have lost our keys."""

    def execv(*args: Any, **kwargs: Any) -> Any:
        env = None
        with guard.quiet:
            if value and not kwargs and len(args) == 2:  # noqa: PLR2004
                env = _env_of(None)
        _about_to_exec(args[1] if len(args) > 1 else ())
        try:
            if env is not None:
                return execve(*args, env)
            return original(*args, **kwargs)
        except BaseException as error:
            _exec_failed()
            guard.drop_frame(error)
            raise

    return execv
