"""What one process wrote into its folder, read again only where it changed.

Half-written, torn and missing files are normal here: the writer may have been killed in the
middle of a word, or may not have got so far yet.
"""

from __future__ import annotations

import os
from typing import Any

from mpdebug.rundir import layout, lines, state

LAST_RECORDS = 5
RECORDS_ROOM = 64 * 1024
FAULTS_ROOM = 256 * 1024


class Facts:
    """One process's folder as plain data; `refresh` reads what is new.

    Attributes:
        key: the name of the folder.
        pid, start, n: what that name says.
        who: process.json; empty until it is there.
        goodbye: exit.json, or None.
        unsaid: whether that is there and was not written: no room for it.
        events: the lines of `events` that nobody took yet, in their order.
        task: (phase, since in ns, the task) out of `state`, or None.
        faults: text of faults.txt.
        records: the last few log records; read once the process is gone.
        stops: number → stop file, one for each thread that stands at a breakpoint.
    """

    __slots__ = (
        "events", "faults", "goodbye", "key", "n", "path", "pid", "records", "stamps",
        "start", "stops", "tail", "task", "unsaid", "who",
    )  # fmt: skip

    def __init__(self, path: str, pid: int, start: int, n: int) -> None:
        self.path = path
        self.key = os.path.basename(path)
        self.pid, self.start, self.n = pid, start, n
        self.who: dict[str, Any] = {}
        self.goodbye: dict[str, Any] | None = None
        self.unsaid = False
        self.events: list[dict[str, Any]] = []
        self.task: tuple[int, int, dict[str, Any]] | None = None
        self.faults = ""
        self.records: tuple[dict[str, Any], ...] = ()
        self.stops: dict[int, dict[str, Any]] = {}
        self.stamps: dict[str, tuple[int, int, int]] = {}
        self.tail = lines.Tail(os.path.join(path, layout.EVENTS))

    def refresh(self) -> bool:
        """Read what changed; returns whether anything but the events did."""
        changed = False
        if self._changed(layout.PROCESS):
            who = lines.read_json(os.path.join(self.path, layout.PROCESS))
            if who is not None:
                self.who = who
                changed = True
        if self._changed(layout.EXIT):
            self.goodbye = lines.read_json(os.path.join(self.path, layout.EXIT))
            self.unsaid = self.goodbye is None
            changed = True
        elif self.goodbye is not None and layout.EXIT not in self.stamps:
            self.goodbye = None  # taken back: the exec it announced failed
            changed = True
        if self._changed(layout.FAULTS):
            self.faults = read_end(os.path.join(self.path, layout.FAULTS), FAULTS_ROOM)
            changed = True
        self._read_events()
        task = self._read_task()
        if task != self.task:
            self.task = task
            changed = True
        stops = read_stop_files(self.path)
        if stops != self.stops:
            self.stops = stops
            changed = True
        return changed

    def take_events(self) -> list[dict[str, Any]]:
        """The events read since the last call."""
        taken, self.events = self.events, []
        return taken

    def _read_events(self) -> None:
        if not self._changed(layout.EVENTS):
            return
        more = True
        while more:
            found, more = self.tail.read()
            self.events += [event for line in found if (event := lines.parse(line))]

    def read_last_records(self) -> None:
        """Fill `records`: the last log records, where they changed."""
        if not self._changed(layout.RECORDS):
            return
        text = read_end(os.path.join(self.path, layout.RECORDS), RECORDS_ROOM)
        found = [line for line in text.split("\n") if line.startswith('{"time":')]
        parsed = [lines.parse(line.encode()) for line in found[-LAST_RECORDS - 1 :]]
        self.records = tuple([record for record in parsed if record][-LAST_RECORDS:])

    def _changed(self, name: str) -> bool:
        try:
            found = os.stat(f"{self.path}/{name}")
        except OSError:
            self.stamps.pop(name, None)
            return False
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self.stamps.get(name) == stamp:
            return False
        self.stamps[name] = stamp
        return True

    def _read_task(self) -> tuple[int, int, dict[str, Any]] | None:
        # A store through mmap does not change the file's times at once: read it each time.
        found = state.read_task(os.path.join(self.path, layout.STATE))
        if found is None or found[0] >= len(state.PHASES):
            return None
        phase, since, text = found
        if not text:  # an idle process: that there is nothing is said sooner than raised
            return None
        return (phase, since, task) if (task := lines.parse(text)) else None


def read_stop_files(folder: str) -> dict[int, dict[str, Any]]:
    """The stop files of a process by their numbers; torn ones, and newer formats, left out."""
    try:
        names = os.listdir(os.path.join(folder, layout.STOPS))
    except OSError:  # it never stopped
        return {}
    found = {}
    for name in names:
        stem, _, end = name.partition(".")
        if end == "json" and stem.isdigit():
            said = lines.read_json(os.path.join(folder, layout.STOPS, name))
            if said and as_int(said.get("format"), layout.FORMAT) <= layout.FORMAT:
                found[int(stem)] = said
    return dict(sorted(found.items()))


def read_end(path: str, most: int) -> str:
    """The last `most` bytes of a file as text; empty if it cannot be read."""
    try:
        with open(path, "rb", opener=lines.open_file) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def as_text(value: object) -> str:
    """A value of a JSON object that should be text."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def as_int(value: object, otherwise: int = 0) -> int:
    """A value of a JSON object that should be a whole number."""
    return value if isinstance(value, int) else otherwise


def as_seconds(value: object) -> float:
    """A value of a JSON object that should be a time; 0.0 if it is none."""
    return float(value) if isinstance(value, float | int) else 0.0


def as_texts(value: object) -> tuple[str, ...]:
    """A value of a JSON object that should be a list of texts."""
    return tuple(map(as_text, value)) if isinstance(value, list) else ()
