"""Processes of a run that have no folder: what they are, and why we did not get in."""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import psutil

from mpdebug import env
from mpdebug.model import Process, Run
from mpdebug.observer import argv as command_lines
from mpdebug.observer.facts import as_text
from mpdebug.rundir import layout
from mpdebug.settings import OFF, VARIABLE

if TYPE_CHECKING:
    from mpdebug.observer.joins import Stranger

YOUNG = 300_000_000
"""ns: a Python that is younger than this may still be on its way to its own folder."""

NOT_CHOSEN = "left out by --only or --ignore"
UNKNOWN = "no trace of it: it ended before it could write, or its run folder was not writable"


def add_to(run: Run, strangers: list[Stranger], *, now: int | None, scan: bool) -> Run:
    """The run with its processes that are not observed.

    Args:
        run: what was observed.
        strangers: children that observed processes told of.
        now: CLOCK_MONOTONIC in ns; None where the run belongs to another boot.
        scan: look through /proc for descendants that nobody told of, and for what the living
            ones can tell (their program and environment).
    """
    seen = {one.pid: one.key for one in run.processes if one.alive}
    found: list[Process] = []
    keys: defaultdict[int, int] = defaultdict(int)
    for stranger in strangers:
        young = now is not None and now - stranger.mono < YOUNG
        alive = now is not None and stranger.ended is None and _is_there(stranger, now)
        if young and alive:
            continue
        keys[stranger.pid] += 1
        count = keys[stranger.pid]
        key = f"pid:{stranger.pid}" if count == 1 else f"pid:{stranger.pid}:{count}"
        found.append(_told(run, stranger, key, alive=alive, look=scan))
        if alive:
            seen[stranger.pid] = key
    if scan and now is not None:
        found += _scanned(run, seen, keys)
    if not found:
        return run
    observed = [_below(one, found) for one in run.processes]
    order = sorted((*observed, *found), key=lambda one: (one.mono, one.key))
    return dataclasses.replace(run, processes=tuple(order))


def _below(process: Process, found: list[Process]) -> Process:
    """An observed process, below the one of these that started it (a shell, for example)."""
    if process.parent:
        return process
    for one in found:
        ended = one.ended.mono if one.ended else process.mono
        if one.pid == process.ppid and one.mono <= process.mono <= ended:
            return dataclasses.replace(process, parent=one.key)
    return process


def _is_there(stranger: Stranger, now: int) -> bool:
    """Whether this very child still runs, as far as its pid and its age can tell."""
    start = layout.start_of(stranger.pid)
    if start is None or not layout.is_alive(stranger.pid, start):
        return False
    if not env.LINUX:
        return True
    # Clock ticks count from boot, `mono` stands still while the machine sleeps.
    age = _since_boot() - start / os.sysconf("SC_CLK_TCK")
    return age > (now - stranger.mono) / 1e9 - 1


def _since_boot() -> float:
    with open("/proc/uptime", "rb") as file:
        return float(file.read().split()[0])


def _told(run: Run, stranger: Stranger, key: str, *, alive: bool, look: bool) -> Process:
    """A child that its parent told of."""
    said: dict[str, Any] = {}
    for claim in reversed(stranger.claims):
        said.update(claim.event)
    living = psutil_of(stranger.pid) if alive and look else None
    argv = stranger.argv
    executable = ""
    if living is not None:
        argv, executable = _command_of(living, argv)
    how = as_text(said.get("method")) or ("exec" if stranger.argv else "fork")
    name = as_text(said.get("name")) or command_lines.name_of(argv)
    return Process(
        key=key,
        pid=stranger.pid,
        start=0,
        ppid=0,
        name=name if argv or said.get("name") else f"fork-{stranger.pid}",
        role=_role(said, argv),
        method=how,
        target=as_text(said.get("target")),
        argv=argv,
        executable=executable,
        mono=stranger.mono,
        observed=False,
        reason=reason(argv, executable, run.settings, living, forked=not stranger.argv),
        alive=alive,
        parent=stranger.parent,
        ended=stranger.ended,
        signals=stranger.signals,
        started_where=as_text(said.get("where")),
    )


def _role(said: dict[str, Any], argv: tuple[str, ...]) -> str:
    if any("resource_tracker import main" in arg for arg in argv):
        return layout.RESOURCE_TRACKER
    if "name" in said:
        return layout.WORKER
    return layout.SUBPROCESS if argv else layout.FORK


def _scanned(run: Run, seen: dict[int, str], keys: defaultdict[int, int]) -> list[Process]:
    """Living descendants of the run that nobody told of (below a shell, for example)."""
    found = []
    for one in _descendants([run.supervisor, *seen]):
        if one.pid in seen or one.pid == run.supervisor or keys[one.pid]:
            continue
        with psutil_quiet:
            argv, executable = _command_of(one, ())
            seen[one.pid] = f"pid:{one.pid}"
            found.append(
                Process(
                    key=f"pid:{one.pid}",
                    pid=one.pid,
                    start=layout.start_of(one.pid) or 0,
                    ppid=one.ppid(),
                    name=command_lines.name_of(argv) if argv else one.name(),
                    role=_role({}, argv or ("?",)),
                    method="exec",
                    argv=argv,
                    executable=executable,
                    started_at=one.create_time(),
                    mono=_mono_of(one.create_time(), run),
                    observed=False,
                    reason=reason(argv, executable, run.settings, one),
                    alive=True,
                    parent=seen.get(one.ppid(), ""),
                )
            )
    return found


def _mono_of(created: float, run: Run) -> int:
    """CLOCK_MONOTONIC of an epoch time, by the first process of the run; good for sorting."""
    first = run.processes[0] if run.processes else None
    return first.mono + int((created - first.started_at) * 1e9) if first else 0


def _descendants(pids: list[int]) -> list[psutil.Process]:
    """Everything below these processes. A look through the whole process table."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for pid, ppid in parents().items():
        children[ppid].append(pid)
    found: list[psutil.Process] = []
    left, known = [pid for pid in pids if pid], set(pids)
    while left:
        for pid in children.get(left.pop(), ()):
            if pid not in known and (one := psutil_of(pid)) is not None:
                known.add(pid)
                left.append(pid)
                found.append(one)
    return found


def parents() -> dict[int, int]:
    """The parent of every process there is; 8 µs each, by psutil's process_iter 50."""
    if not env.HAS_PROC:
        return {each.pid: each.info["ppid"] or 0 for each in psutil.process_iter(["ppid"])}
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fd = os.open(f"/proc/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:  # it has just ended
                continue
            with open(fd, "rb", buffering=0) as file, psutil_quiet:
                stat = file.read() or b""
                found[int(name)] = int(stat[stat.rindex(b")") + 2 :].split(None, 2)[1])
    return found


class _Quiet:
    """Processes end while they are looked at, and others' may not be looked at."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, traceback: object) -> bool:
        return isinstance(error, (psutil.Error, OSError))


psutil_quiet = _Quiet()


def psutil_of(pid: int) -> psutil.Process | None:
    """A living process that is not a zombie, or None."""
    with psutil_quiet:
        one = psutil.Process(pid)
        if one.status() != psutil.STATUS_ZOMBIE:
            return one
    return None


def _command_of(one: psutil.Process, argv: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The command line of now (a shell's child may have exec'ed since), and its program."""
    executable = ""
    with psutil_quiet:
        argv = tuple(one.cmdline()) or argv
        executable = one.exe()
    return argv, executable


def looks_like_python(one: psutil.Process) -> bool:
    """Whether a living process is a Python interpreter, by its command line and program."""
    argv, executable = _command_of(one, ())
    return bool(command_lines.parse(argv) or command_lines.parse((executable,)))


def reason(
    argv: tuple[str, ...],
    executable: str,
    settings: dict[str, Any],
    living: psutil.Process | None = None,
    *,
    forked: bool = False,
) -> str:
    """Why we did not get into a process, in a few words."""
    if not (forked and not argv):
        python = command_lines.parse(argv)
        by_file = command_lines.parse((executable,)) if executable else None
        if python is None and by_file is None:
            program = os.path.basename(argv[0] if argv else executable) or "?"
            return f"not Python ({program})"
        found = _too_old(by_file, python) or _by_flags(python) or _by_environment(living)
        if found:
            return found
    return _not_chosen(argv, settings) or UNKNOWN


def _too_old(*pythons: command_lines.Interpreter | None) -> str:
    versions = [one.version for one in pythons if one and len(one.version) > 1]
    if not versions or versions[0] >= env.OLDEST:
        return ""
    oldest = ".".join(map(str, env.OLDEST))
    return f"Python {'.'.join(map(str, versions[0]))} is older than {oldest}"


def _by_environment(living: psutil.Process | None) -> str:
    environ: dict[str, str] | None = None
    if living is not None:
        with psutil_quiet:
            environ = living.environ()
    if environ is None:
        return ""
    if OFF in environ:
        return f"{OFF} is set in its environment"
    return "" if VARIABLE in environ else f"its environment was emptied: no {VARIABLE} in it"


def _by_flags(python: command_lines.Interpreter | None) -> str:
    if python is None:
        return ""
    if "S" in python.flags:
        return "started with -S: no start-up file is read"
    for flag in ("I", "E"):
        if flag in python.flags:
            return f"started with -{flag}; to get in: mpdebug door install"
    return "started with an empty environment (env -i)" if python.emptied else ""


def _not_chosen(argv: tuple[str, ...], settings: dict[str, Any]) -> str:
    """Whether the person left this process out."""
    line = " ".join(argv)
    ignore, only = as_text(settings.get("ignore")), as_text(settings.get("only"))
    if ignore and any(fnmatchcase(line, pattern) for pattern in ignore.split(",")):
        return NOT_CHOSEN
    if only and not any(fnmatchcase(line, pattern) for pattern in only.split(",")):
        return NOT_CHOSEN
    return ""
