"""Which run is meant, which runs there are, and taking old ones away."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from typing import Any

from mpdebug import errors
from mpdebug.observer.facts import as_int, as_seconds, as_texts
from mpdebug.observer.run import read_head
from mpdebug.rundir import layout, lines, place
from mpdebug.settings import VARIABLE

FRESH = 10.0
"""Seconds in which a folder without run.json may be a run that is just being made."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as far as its first page tells."""

    path: str
    id: str
    command: tuple[str, ...]
    started_at: float
    alive: bool
    processes: int
    ended_at: float | None = None
    status: int | None = None
    supervisor: int = 0
    readable: bool = True
    """False: no run.json (the supervisor was killed at once), or one of a newer format."""


def find_run(text: str | None, *, now: bool = False) -> str:
    """The path of the run that is meant.

    Args:
        text: None: the newest living run, else the newest kept one; `last`: the newest;
            digits: the pid of a process of the run or of its supervisor; an id; a path.
        now: a pid means the process that has it now. Without: else the one that had it.

    Raises:
        NoSuchRunError: there is no such run; the message tells what there is.
        NewerFormatError: a newer mpdebug wrote it.
        UnsafeFolderError: the folder of runs is not the user's own.
    """
    if text and ("/" in text or text in (".", "..")):
        read_head(text)
        return os.path.abspath(text)
    runs = [run for run in list_runs() if run.readable or run.id == text]
    if not text or text == "last":
        living = [run for run in runs if run.alive] if not text else []
        if not runs:
            raise errors.NoSuchRunError(
                f"there are no runs in {place.base()}",
                "Start one: python -m mpdebug script.py",
            )
        return (living or runs)[0].path
    found = _of_pid(int(text), runs, now=now) if text.isdigit() else None
    found = found or next((run for run in runs if run.id == text), None)
    if found is None and os.path.exists(os.path.join(text, layout.RUN)):
        read_head(text)
        return os.path.abspath(text)
    if found is None and text.isdigit() and (path := _elsewhere(int(text))):
        return path
    if found is None:
        raise _no_such(text, runs)
    read_head(found.path)
    return found.path


def _no_such(text: str, runs: list[RunSummary]) -> errors.NoSuchRunError:
    what = f"no run has a process {text}" if text.isdigit() else f"there is no run {text!r}"
    if not runs:
        return errors.NoSuchRunError(f"{what}: there are no runs in {place.base()}")
    import difflib  # noqa: PLC0415 - where a name is wrong

    ids = [run.id for run in runs]
    near = [one for one in ids if one.startswith(text)] or difflib.get_close_matches(text, ids)
    if near and not text.isdigit():
        return errors.NoSuchRunError(f"{what}; the nearest is {near[0]}")
    shown = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")  # noqa: PLR2004
    return errors.NoSuchRunError(f"{what}; there is: {shown}")


def _of_pid(pid: int, runs: list[RunSummary], *, now: bool) -> RunSummary | None:
    """The run of this process: one in which it lives now, else the newest that had it.

    Where only what lives is meant, a pid of old that somebody else has now is not taken for it.
    """
    ended = None
    for run in runs:
        if run.supervisor == pid and run.alive:
            return run
        for key in _folders(run.path):
            named = layout.parse_folder_name(key)
            if named is not None and named[0] == pid:
                if run.alive and layout.is_alive(named[0], named[1]):
                    return run
                ended = ended or run
        if run.supervisor == pid:
            ended = ended or run
    return None if now and layout.start_of(pid) is not None else ended


def _elsewhere(pid: int) -> str:
    """The run of a living process whose folder --run-dir chose; empty if it is in none.

    Its environment names the folder, and the folder has to know that very process.
    """
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return ""
    said = next((word for word in words if word.startswith(f"{VARIABLE}=".encode())), b"")
    path = os.fsdecode(said.partition(b"dir=")[2])
    start = layout.start_of(pid)
    known = [layout.parse_folder_name(key) for key in _folders(path)] if path else []
    if any(one is not None and one[:2] == (pid, start) for one in known):
        read_head(path)
        return path
    return ""


def list_runs() -> list[RunSummary]:
    """All runs of this user, living and kept, the newest first.

    Raises:
        UnsafeFolderError: the folder of runs is not the user's own.
    """
    above = place.base()
    if not os.path.lexists(above):
        return []
    place.check(above)
    found = []
    boot = layout.boot_id()
    for name in os.listdir(above):
        path = os.path.join(above, name)
        if os.path.isdir(path) and not os.path.islink(path):
            summary = summarise(path, boot)
            if summary is not None:
                found.append(summary)
    return sorted(found, key=lambda run: (run.started_at, run.id), reverse=True)


def summarise(path: str, boot: str) -> RunSummary | None:
    """The first page of a run; None if it is not one, or one that is just being made."""
    head = lines.read_json(os.path.join(path, layout.RUN))
    if head is None:
        return _headless(path, boot)
    supervisor = head.get("supervisor")
    boss = supervisor if isinstance(supervisor, dict) else {}
    keys = _folders(path)
    over = head.get("ended")
    status = head.get("status")
    return RunSummary(
        path=path,
        id=str(head.get("id") or os.path.basename(path)),
        command=as_texts(head.get("command")),
        started_at=as_seconds(head.get("started")),
        alive=_is_living(head, boss, keys, boot),
        processes=len({key.rpartition("-")[0] for key in keys}),
        ended_at=over if isinstance(over, float | int) else None,
        status=status if isinstance(status, int) else None,
        supervisor=as_int(boss.get("pid")),
        readable=as_int(head.get("format")) <= layout.FORMAT,
    )


def _is_living(head: dict[str, Any], boss: dict[str, Any], keys: list[str], boot: str) -> bool:
    if (head.get("boot") or boot) != boot:
        return False
    if boss and layout.is_alive(as_int(boss.get("pid")), as_int(boss.get("start"))):
        return True
    return _any_lives(keys)


def _any_lives(keys: list[str]) -> bool:
    named = filter(None, map(layout.parse_folder_name, keys))
    return any(layout.is_alive(pid, start) for pid, start, _ in named)


def _headless(path: str, boot: str) -> RunSummary | None:
    """A run whose supervisor did not get as far as run.json."""
    try:
        made = os.stat(path).st_mtime
    except OSError:
        return None
    if not os.path.isdir(os.path.join(path, layout.PROCESSES)) or time.time() - made < FRESH:
        return None
    keys = _folders(path)
    return RunSummary(
        path=path,
        id=os.path.basename(path),
        command=(),
        started_at=made,
        alive=bool(boot) and _any_lives(keys),
        processes=len(keys),
        readable=False,
    )


def _folders(path: str) -> list[str]:
    try:
        return os.listdir(os.path.join(path, layout.PROCESSES))
    except OSError:
        return []


def remove_run(path: str) -> int:
    """Remove a run that has ended; returns how many bytes that freed.

    Raises:
        NoSuchRunError: it is not a run below the folder of runs, or it still lives.
    """
    path = os.path.abspath(path)
    summary = (
        summarise(path, layout.boot_id()) if os.path.dirname(path) == place.base() else None
    )
    if summary is None:
        raise errors.NoSuchRunError(f"{path} is not a run in {place.base()}")
    if summary.alive:
        raise errors.NoSuchRunError(
            f"run {summary.id} still lives, so it is not removed",
            "Wait for its end, or end it.",
        )
    freed = size_of(path)
    shutil.rmtree(path, ignore_errors=True)
    return freed


def size_of(path: str) -> int:
    """Bytes on the disk that a folder takes (files that are mapped count their blocks)."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except OSError:
                continue
    return total
