"""Telling stops while the program runs, and offering them to the prompt of this terminal."""

from __future__ import annotations

import logging
import os
import shlex
import time
from typing import TYPE_CHECKING, Protocol

from mpdebug.observer.facts import as_text, read_stop_files
from mpdebug.observer.stops import stop_of
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.cli.terminal import Terminal
    from mpdebug.model import Stop

GATHER = 0.2
"""Seconds in which equal stops become one line."""

SIGNS = (layout.STOPS, layout.EVENTS)
"""Files of a process that change with each of its stops."""


class Prompt(Protocol):
    """What opens prompts in this terminal."""

    def wants(self, stop: Stop) -> str:
        """What becomes of this stop: OPENS, WAITS (for its turn), or ELSEWHERE."""

    def open(self, stop: Stop) -> None:
        """It was told on the screen: open the prompt, or put it into the row."""


OPENS, WAITS, ELSEWHERE = "opens", "waits", "elsewhere"


class StopNotices(logging.Handler):
    """Tells each stop once. It has the listener's clock (`due` and `tick`).

    Args:
        path: the run folder.
        terminal: where it is told.
        prompt: opens prompts here; None: that is not to be done.
    """

    takes_records = False

    def __init__(self, path: str, terminal: Terminal, prompt: Prompt | None = None) -> None:
        super().__init__()
        self._path = path
        self._terminal = terminal
        self._prompt = prompt
        self._cwd: str | None = None
        self._changed: set[str] = set()  # keys of processes
        self._known: set[tuple[str, int]] = set()
        self._fresh: dict[str, list[Stop]] = {}  # not told yet, by what becomes of them
        self._tell_at = 0.0

    def changed(self, paths: set[str]) -> None:
        """Files of the run changed; called in the thread of the listener."""
        for path in paths:
            words = path.split("/")
            if len(words) == 3 and words[2] in SIGNS:  # noqa: PLR2004 - p/KEY/NAME
                self._changed.add(words[1])

    def due(self) -> float | None:
        """Seconds until there is something to do."""
        if self._changed:
            return 0.0
        return max(0.0, self._tell_at - time.monotonic()) if self._fresh else None

    def tick(self) -> None:
        """Look at what changed, and tell what is due."""
        keys, self._changed = self._changed, set()
        new = [stop for key in keys for stop in self._stops_of(key)]
        for stop in sorted(new, key=lambda one: one.mono):
            self._known.add((stop.process, stop.n))
            self._found(stop)
        if self._fresh and time.monotonic() >= self._tell_at:
            self.end()

    def end(self) -> None:
        """Tell what was not told yet, still stands there, and has no prompt in it."""
        fresh, self._fresh = self._fresh, {}
        for answer, stops in fresh.items():
            standing = [stop for stop in stops if self._is_waiting(stop)]
            if standing:
                self._tell(standing, answer)

    def _is_waiting(self, stop: Stop) -> bool:
        folder = os.path.join(self._path, layout.PROCESSES, stop.process)
        said = read_stop_files(folder).get(stop.n)
        return said is not None and not said.get("client")

    def _stops_of(self, key: str) -> list[Stop]:
        """The stops of a process that are new to us."""
        folder = os.path.join(self._path, layout.PROCESSES, key)
        named = layout.parse_folder_name(key)
        files = read_stop_files(folder)
        new = {n: said for n, said in files.items() if (key, n) not in self._known}
        if named is None or not new or not layout.is_alive(named[0], named[1]):
            return []
        who = lines.read_json(os.path.join(folder, layout.PROCESS)) or {}
        name = as_text(who.get("name"))
        return [stop_of(folder, n, said, name=name) for n, said in new.items()]

    def _found(self, stop: Stop) -> None:
        if stop.tcp:  # it says itself where it waits, with a warning
            return
        answer = self._prompt.wants(stop) if self._prompt is not None else ELSEWHERE
        if answer != OPENS:  # else the prompt itself says where it is
            if not self._fresh:
                self._tell_at = time.monotonic() + GATHER
            self._fresh.setdefault(answer, []).append(stop)
        if answer != ELSEWHERE and self._prompt is not None:
            self._prompt.open(stop)

    def _tell(self, stops: list[Stop], answer: str) -> None:
        from mpdebug.diagnosis.stops import rows  # noqa: PLC0415 - with the first stop
        from mpdebug.views.stop_notices import notice  # noqa: PLC0415 - rich

        if self._cwd is None:
            head = lines.read_json(os.path.join(self._path, layout.RUN)) or {}
            self._cwd = as_text(head.get("cwd"))
        for row in rows(stops):
            hint = hint_of(row.stops, answer)
            self._terminal.write(notice(row, cwd=self._cwd, hint=hint))


def hint_of(stops: Sequence[Stop], answer: str) -> str:
    """What the person can do about equal stops."""
    if answer == WAITS:
        return "(waits its turn)" if len(stops) == 1 else "(wait their turn)"
    first = stops[0]
    if len(stops) > 1:
        return "mpdebug attach"
    plain = first.name and not first.name.startswith("-")
    return f"mpdebug attach {shlex.quote(first.name) if plain else first.pid}"
