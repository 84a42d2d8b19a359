"""Live breakpoints of a run: `breaks.json`, and who has taken it over."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mpdebug.observer import nudge
from mpdebug.observer.facts import as_int, as_text
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mpdebug.model import Process

PATIENCE = 1.0
"""Seconds that a process has to say that it has read them."""


@dataclass(frozen=True, slots=True)
class LiveBreak:
    """A breakpoint that was put into a running program."""

    id: int
    file: str
    line: int
    condition: str = ""
    process: str = ""  # pattern of names; "" for all
    hits: int = 0  # it stops so often over all processes; 0: always
    stopped: int = 0  # how often it has stopped so far

    def said(self) -> dict[str, Any]:
        """What breaks.json says about it."""
        return {
            "id": self.id,
            "file": self.file,
            "line": self.line,
            "if": self.condition,
            "process": self.process,
            "hits": self.hits,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of breaks.json in one process."""

    process: Process
    why: str = ""  # why it does not watch the lines; "" if it does
    slow: bool = False  # it has to trace every call for that
    late: bool = False  # it was told, and has not come to it yet


def read_breaks(path: str) -> list[LiveBreak]:
    """The live breakpoints of the run in this folder."""
    said = lines.read_json(os.path.join(path, layout.BREAKS)) or {}
    found = said.get("breaks")
    return [_break_of(path, each) for each in found if isinstance(each, dict)] if found else []


def _break_of(path: str, said: dict[str, Any]) -> LiveBreak:
    number, hits = as_int(said.get("id")), as_int(said.get("hits"))
    stopped = _size(os.path.join(path, layout.COUNTS, f"break-{number}"))
    return LiveBreak(
        id=number,
        file=as_text(said.get("file")),
        line=as_int(said.get("line")),
        condition=as_text(said.get("if")),
        process=as_text(said.get("process")),
        hits=hits,
        stopped=min(stopped, hits) if hits else stopped,  # who came too late took a number too
    )


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


class Change:
    """Changes the live breakpoints of a run, and waits until its processes have taken it over.

    Args:
        path: the run folder.
        read: gives its processes as they are now; asked before and after.
    """

    def __init__(self, path: str, read: Callable[[], Iterable[Process]]) -> None:
        self.path = path
        self.read = read
        self.version = 0
        # Where each process's events end now: what it says about this change comes after.
        self.ends = {each.key: _size(self._events(each)) for each in read()}

    def add(self, one: LiveBreak) -> LiveBreak:
        """Add a breakpoint; returns it with its number. Raises OSError."""
        made = one

        def edit(last: int, found: list[LiveBreak]) -> list[LiveBreak]:
            nonlocal made
            number = last + 1
            made = LiveBreak(number, one.file, one.line, one.condition, one.process, one.hits)
            return [*found, made]

        self._write(edit)
        return made

    def remove(self, numbers: set[int]) -> None:
        """Take these breakpoints away. Raises OSError."""
        self._write(lambda _, found: [each for each in found if each.id not in numbers])

    def _write(self, edit: Callable[[int, list[LiveBreak]], list[LiveBreak]]) -> None:
        path = os.path.join(self.path, layout.BREAKS)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        lock = os.open(os.path.join(self.path, layout.BREAKS_LOCK), flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = lines.read_json(path) or {}
            last = as_int(said.get("last"))  # numbers are not used twice: hits are kept by them
            after = edit(last, read_breaks(self.path))
            self.version = as_int(said.get("version")) + 1
            new = {
                "format": layout.FORMAT,
                "version": self.version,
                "last": max([last, *(each.id for each in after)]),
                "breaks": [each.said() for each in after],
            }
            lines.write_json(path, new)
        finally:
            os.close(lock)

    def tell(self, patience: float = PATIENCE) -> list[Answer]:
        """Nudge all living processes, and wait until they have read it; what became of it.

        Processes that begin after this read it when they begin.
        """
        answers = []
        asked = {}
        for each in self._python_processes():
            why = nudge.nudge(each)
            tail = lines.Tail(self._events(each))
            tail.offset = self.ends.get(each.key, 0)
            if not why or each.folder:  # one that just began reads it all the same
                asked[each.key] = (each, tail, why)
            else:
                answers.append(Answer(each, why))
        end = time.monotonic() + patience
        while asked:
            for key, (each, tail, _) in list(asked.items()):
                answer = self._answer(each, tail)
                if answer is not None:
                    answers.append(answer)
                    del asked[key]
            waits = any(not why and _is_there(each) for each, _, why in asked.values())
            if not waits or time.monotonic() > end:
                break
            time.sleep(0.005)
        for each, _, why in asked.values():
            if _is_there(each):
                answers.append(Answer(each, why, late=not why))
        return answers

    def _python_processes(self) -> list[Process]:
        return [
            each
            for each in self.read()
            if each.alive and each.role != layout.RESOURCE_TRACKER
            if not each.reason.startswith("not Python")
        ]

    def _events(self, process: Process) -> str:
        return os.path.join(self.path, layout.PROCESSES, process.key, layout.EVENTS)

    def _answer(self, process: Process, tail: lines.Tail) -> Answer | None:
        """What the process has said since about this change, or a later one."""
        found, _ = tail.read()
        for line in found:
            if b'"kind":"breaks"' not in line:
                continue
            said = lines.parse(line) or {}
            if as_int(said.get("version")) >= self.version:
                return Answer(process, as_text(said.get("error")), slow=bool(said.get("slow")))
        return None


def _is_there(process: Process) -> bool:
    return layout.is_alive(process.pid, process.start)
