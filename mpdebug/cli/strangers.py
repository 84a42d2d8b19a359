"""Stacks by other means: processes that are not under mpdebug, and the frames of C code."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

from mpdebug import errors
from mpdebug.observer import dumps, native, stacks, unobserved

if TYPE_CHECKING:
    import argparse

    from mpdebug.model_stacks import ProcessStacks

GET = "pip install py-spy"
NO_PY_SPY = f"the frames of C code are told by py-spy, which is not installed: {GET}"


def with_native(rounds: list[list[ProcessStacks]]) -> list[list[ProcessStacks]]:
    """The same processes, once, with the frames of C code; as it was where py-spy is missing.

    A process that py-spy cannot read keeps what it said itself.
    """
    if not native.program():
        sys.stderr.write(f"mpdebug: {NO_PY_SPY}\n")
        return rounds
    newest = rounds[-1]
    asked = [at for at, one in enumerate(newest) if one.threads]
    told = native.dump(newest[at].process.pid for at in asked)
    found = list(newest)
    for at, (threads, why) in zip(asked, told, strict=True):
        if why:
            sys.stderr.write(f"mpdebug: {newest[at].process.name}: {why}\n")
            continue
        found[at] = dataclasses.replace(found[at], threads=dumps.named(threads))
    return [found]


def show(pid: int, args: argparse.Namespace) -> bool:
    """Print what the kernel tells of a process of no run; False if there is none.

    Raises:
        MpdebugError: py-spy was asked for and cannot read it.
    """
    living = unobserved.psutil_of(pid)
    threads = stacks.threads_of(pid)
    if living is None or not threads:
        return False
    command: list[str] = []
    with unobserved.psutil_quiet:
        command = living.cmdline() or [living.name()]
    if args.json:
        rows = [
            {"tid": tid, "name": name, "state": state, "waits": waits}
            for tid, name, state, waits in threads
        ]
        said: dict[str, Any] = {"pid": pid, "command": command, "observed": False}
        sys.stdout.write(json.dumps({**said, "threads": rows}) + "\n")
        return True
    sys.stdout.write(f"{pid} is not under mpdebug: {' '.join(command)[:200]!a}\n")
    for tid, name, state, waits in threads:
        sys.stdout.write(f"  {tid}  {name!a}  {waits or state}\n")
    if not unobserved.looks_like_python(living):
        return True
    if args.native and native.program():
        _show_native(pid)
        return True
    how = "--native" if native.program() else f"--native, with py-spy ({GET})"
    sys.stdout.write(
        "Its Python stacks are told where it is started with python -m mpdebug, or now by "
        f"mpdebug stacks {pid} {how}\n"
    )
    return True


def _show_native(pid: int) -> None:
    from mpdebug.cli import terminal  # noqa: PLC0415 - only here something is drawn
    from mpdebug.diagnosis.stacks import fold  # noqa: PLC0415
    from mpdebug.model import Process  # noqa: PLC0415
    from mpdebug.model_stacks import ProcessStacks  # noqa: PLC0415
    from mpdebug.views import stacks as view  # noqa: PLC0415

    ((threads, why),) = native.dump([pid])
    if why:
        raise errors.UnsupportedError(f"the stacks of {pid} cannot be told: {why}")
    process = Process(f"pid:{pid}", pid, 0, 0, f"pid {pid}", "")
    tree = fold([[ProcessStacks(process, dumps.named(threads))]], all_threads=True)
    terminal.stdout().write(view.stacks(tree, cwd="", title=str(pid)))
