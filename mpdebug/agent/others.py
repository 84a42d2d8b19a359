"""The stacks of the other processes of the run, asked for with faulthandler's signal."""

from __future__ import annotations

import os
import time

from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mpdebug.agent.process import Agent

MOST = 32  # processes that are asked
PATIENCE = 0.5  # seconds for all of them
APART = 0.01  # seconds between two looks whether its threads run
ROOM = 4000  # characters of one stack
CURRENT = "Current thread "
"""Each of faulthandler's dumps has one such thread."""


def stacks(here: Agent) -> list[str]:
    """A heading and a stack for each living process of the run but this one."""
    asked: list[tuple[str, int, str, int]] = []
    wanted: list[tuple[str, int, str, int]] = []
    above = os.path.dirname(here.path)
    for name in sorted(os.listdir(above)):
        folder = os.path.join(above, name)
        named = layout.parse_folder_name(name)
        if folder == here.path or named is None or len(wanted) >= MOST:
            continue
        who = _who(folder)
        number = int((who.get("signals") or {}).get("stacks") or 0)
        if number and layout.is_alive(named[0], named[1]) and _catches(named[0], number):
            file = os.path.join(folder, layout.FAULTS)
            wanted.append((str(who.get("name") or named[0]), named[0], file, number))
    found = []
    before = [_signs(pid) for _, pid, _, _ in wanted]
    time.sleep(APART)
    for (name, pid, file, number), signs in zip(wanted, before, strict=True):
        if _signs(pid) == signs:  # see `observer/lively.py`
            asked.append((name, pid, file, _size(file)))
            os.kill(pid, number)
        else:
            found += ["", f"meanwhile in {name} (pid {pid}): its threads run"]
    end = time.monotonic() + PATIENCE
    for name, pid, file, size in asked:
        while _size(file) == size and time.monotonic() < end:
            time.sleep(0.005)
        found += ["", f"meanwhile in {name} (pid {pid}):", *_new(file, size)]
    return found


def _signs(pid: int) -> list[bytes]:
    """What changes whenever a thread of a process runs, but for the main one."""
    found = []
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            if tid != str(pid):
                with open(f"/proc/{pid}/task/{tid}/schedstat", "rb") as file:
                    found.append(file.read())
    except OSError:  # one has just ended; or the kernel keeps no such numbers
        return [b"?"]
    return found


def _who(folder: str) -> dict[str, Any]:
    import json  # noqa: PLC0415 - when a stop is reported

    try:
        with open(os.path.join(folder, layout.PROCESS), "rb") as file:
            value = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _catches(pid: int, number: int) -> bool:
    """Whether the signal has a handler there; without one it would kill."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            text = file.read()
    except OSError:
        return False
    for line in text.split(b"\n"):
        if line.startswith(b"SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _new(path: str, size: int) -> list[str]:
    """The lines of the first dump behind this place: others may ask at the same time."""
    try:
        with open(path, "rb") as file:
            file.seek(size)
            text = file.read(ROOM).decode("utf-8", "replace")
    except OSError:
        return []
    begin = text.find(CURRENT)
    again = text.find(CURRENT, begin + 1) if begin >= 0 else -1
    if again >= 0:  # the threads of the second dump that stand before its own come with it
        first = [thread for thread in text[:again].split("\n\n") if thread.strip()]
        heads = [thread.split(" [", 1)[0].split(" (", 1)[0] for thread in first]
        text = "\n\n".join(one for n, one in enumerate(first) if heads[n] not in heads[:n])
    return text.rstrip().split("\n")
