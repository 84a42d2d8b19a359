"""The processes of a run that live now, as far as a prompt needs them: quickly.

Reading a whole run loads psutil and everything that happened in it; a prompt that counts and
names processes several times a second reads only their first pages.
"""

from __future__ import annotations

import os

from mpdebug.model import Process
from mpdebug.observer.facts import as_int, as_text
from mpdebug.rundir import layout, lines

SERVANTS = (layout.FORKSERVER, layout.RESOURCE_TRACKER)
"""Roles of processes that run nothing of the program's own."""


def living_processes(path: str) -> list[Process]:
    """The observed processes of a run folder that live, in the order of their start."""
    head = lines.read_json(os.path.join(path, layout.RUN)) or {}
    boot = as_text(head.get("boot"))
    if boot and boot != layout.boot_id():
        return []
    above = os.path.join(path, layout.PROCESSES)
    try:
        keys = os.listdir(above)
    except OSError:
        return []
    newest: dict[tuple[int, int], int] = {}  # an exec in a process makes another folder
    for key in keys:
        named = layout.parse_folder_name(key)
        if named is not None and layout.is_alive(named[0], named[1]):
            newest[named[:2]] = max(named[2], newest.get(named[:2], 0))
    found = [
        process_of(os.path.join(above, layout.folder_name(pid, start, n)))
        for (pid, start), n in newest.items()
    ]
    return sorted(found, key=lambda process: (process.mono, process.pid))


def process_of(folder: str) -> Process:
    """The process of this folder, by its first page."""
    key = os.path.basename(folder)
    pid, start, _ = layout.parse_folder_name(key) or (0, 0, 0)
    who = lines.read_json(os.path.join(folder, layout.PROCESS)) or {}
    return Process(
        key=key,
        pid=pid,
        start=start,
        ppid=as_int(who.get("ppid")),
        name=as_text(who.get("name")) or f"pid {pid}",
        role=as_text(who.get("role")),
        mono=as_int(who.get("mono")),
        alive=layout.is_alive(pid, start),
        folder=folder,
    )


def is_servant(process: Process) -> bool:
    """Whether it serves multiprocessing, and not the program."""
    return process.role in SERVANTS
