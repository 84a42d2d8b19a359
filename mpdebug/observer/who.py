"""Who wrote a line: the process behind a folder of the run, as far as it is known by now."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from mpdebug.rundir import layout, lines

KEPT = 4096
"""Processes remembered at once; others are read again when they are asked for."""


@dataclass(frozen=True, slots=True)
class Who:
    """A process as log lines name it."""

    key: str  # its folder's name; "" for mpdebug itself
    pid: int
    name: str
    role: str
    tail: bytes = field(init=False, repr=False, compare=False)
    """What takes the place of a record's last `}` where many processes are merged."""

    def __post_init__(self) -> None:
        tail = b',"pid":%d,"process":%s}\n' % (self.pid, json.dumps(self.name).encode())
        object.__setattr__(self, "tail", tail)


OURSELVES = Who("", os.getpid(), "mpdebug", "")


class Names:
    """The processes of a run by the names of their folders, read when they are first needed.

    A process learns its name a little after it began to write, and then replaces its
    process.json: `changed` reads it again.
    """

    def __init__(self, run: str) -> None:
        self.prints_relayed = False  # some process prints the records of others itself
        self._run = run
        self._known: dict[str, Who] = {}

    def get(self, key: str) -> Who:
        """The process of that folder; with its pid for a name where nothing is known."""
        who = self._known.get(key)
        return self.changed(key) if who is None else who

    def name(self, key: str) -> str:
        """The name of the process of that folder."""
        return self.get(key).name

    def changed(self, key: str) -> Who:
        """Read the folder's process.json again."""
        who = self._read(key) if key else OURSELVES
        if key not in self._known and len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[key] = who
        return who

    def _read(self, key: str) -> Who:
        parsed = layout.parse_folder_name(key)
        pid = parsed[0] if parsed else 0
        said = lines.read_json(os.path.join(self._run, layout.PROCESSES, key, layout.PROCESS))
        if said is None:
            return Who(key, pid, f"pid {pid}", "")
        if said.get("prints_relayed"):
            self.prints_relayed = True
        name = said.get("name")
        return Who(
            key,
            pid,
            name if isinstance(name, str) and name else f"pid {pid}",
            str(said.get("role", "")),
        )
