"""A process that is not under mpdebug, and all below it, as a run: what psutil alone tells."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import psutil

from mpdebug import errors
from mpdebug.model import Process, Run
from mpdebug.observer import argv as command_lines
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

MARKS = (
    ("multiprocessing.resource_tracker", layout.RESOURCE_TRACKER, "spawn"),
    ("multiprocessing.forkserver", layout.FORKSERVER, "spawn"),
    ("multiprocessing.spawn", layout.WORKER, "spawn"),
)
"""What stands in the command line of a process that multiprocessing started."""

ALIVE = frozenset(("running", "sleeping", "disk-sleep", "stopped", "tracing-stop", "idle"))


class OutsideReader:
    """Reads a process and its descendants again and again; those that end are remembered.

    Args:
        pid: the process.

    Raises:
        NoSuchRunError: there is no such process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._known: dict[str, Process] = {}
        try:
            self._root = psutil.Process(pid)
        except psutil.Error as error:
            raise errors.NoSuchRunError(f"there is no process {pid}") from error
        # psutil tells times as epoch seconds, the model's `mono` is the other clock.
        self._epoch = time.time() - time.monotonic()

    def refresh(self) -> Run:
        """The process and its descendants as they are now."""
        found = {one.key: one for one in self._look()}
        for key, known in self._known.items():
            if key not in found and known.alive:  # it ended, or who started it did
                alive = bool(known.start) and layout.is_alive(known.pid, known.start)
                self._known[key] = dataclasses.replace(known, alive=alive)
        self._known |= found
        root = next(iter(self._known.values()), None)
        return Run(
            path="",
            id="",
            command=root.argv if root else (),
            started_at=root.started_at if root else 0.0,
            alive=any(one.alive for one in self._known.values()),
            processes=tuple(sorted(self._known.values(), key=lambda one: (one.mono, one.pid))),
        )

    def _look(self) -> Iterable[Process]:
        try:
            below = self._root.children(recursive=True)
        except psutil.Error:
            below = []
        keys: dict[int, str] = {}
        for one in (self._root, *below):
            try:
                process = self._process(one, keys)
            except psutil.Error:  # it ended while we looked
                continue
            keys[process.pid] = process.key
            yield process

    def _process(self, one: psutil.Process, keys: dict[int, str]) -> Process:
        with one.oneshot():
            start = layout.start_of(one.pid) or 0
            created, ppid = one.create_time(), one.ppid()
            parent = self._known.get(keys.get(ppid, ""))
            alive = one.status() in ALIVE and one.is_running()
            argv = _argv(one) if alive else ()
            name = command_lines.name_of(argv) if argv else one.name()
        role, method = role_of(argv, parent.argv if parent else ())
        key = f"pid:{one.pid}-{start}"
        known = self._known.get(key)
        process = Process(
            key=key,
            pid=one.pid,
            start=start,
            ppid=ppid,
            name=known.name if known and not alive else name,
            role=role,
            method=method,
            argv=argv,
            started_at=created,
            mono=int((created - self._epoch) * 1e9),
            observed=False,
            alive=alive,
            parent=keys.get(ppid, ""),
        )
        self._known.setdefault(key, process)
        return process


def _argv(one: psutil.Process) -> tuple[str, ...]:
    try:
        return tuple(one.cmdline())
    except psutil.AccessDenied:
        return ()


def role_of(argv: tuple[str, ...], parent: tuple[str, ...]) -> tuple[str, str]:
    """(role, start method) of a process, as far as command lines tell."""
    line = " ".join(argv)
    for mark, role, method in MARKS:
        if mark in line:
            forked = role == layout.FORKSERVER and argv == parent
            return (layout.WORKER, layout.FORKSERVER) if forked else (role, method)
    if argv and argv == parent:
        return layout.FORK, "fork"
    return (layout.SUBPROCESS if parent else layout.MAIN), "exec"
