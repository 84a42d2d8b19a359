"""Telling what stops do to the program while it runs, each thing once.

A time-out of the program's own that struck while somebody stood at a breakpoint; and a process
that the program itself ended while it stood there (a server that misses its worker's sign of
life, a Pool that is closed). Other bad deaths are told in `cli/notices.py`.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from mpdebug.rundir import layout

if TYPE_CHECKING:
    from mpdebug.cli.terminal import Terminal
    from mpdebug.model import CutShort, Delayed, Run
    from mpdebug.observer.run import RunReader

AT_ONCE = 0.05
"""Seconds from a time-out to the look: those that strike together are read together."""

GATHER = 0.3
"""Seconds from an end to the look: several processes write how it came about."""


class TimeOutNotices(logging.Handler):
    """Tells time-outs and ends that a stop has to do with. Has the listener's clock.

    Nothing is read before anybody stood at a breakpoint.
    """

    takes_records = False

    def __init__(self, path: str, terminal: Terminal) -> None:
        super().__init__()
        self._path = path
        self._terminal = terminal
        self._reader: RunReader | None = None
        self._anybody_stood = False
        self._changed: set[str] = set()
        self._look_at: float | None = None
        self._told: set[tuple[str, ...]] = set()  # process, call, place, who stood, which stop
        self._ended: set[str] = set()  # keys of processes

    def changed(self, paths: set[str]) -> None:
        """Files of the run changed; called in the thread of the listener."""
        if not self._anybody_stood:
            self._anybody_stood = layout.STOOD in paths
            if not self._anybody_stood:
                return
        self._changed |= paths
        now = time.monotonic()
        if any(path.endswith((layout.EXITS, layout.EXIT)) for path in paths):
            self._look_before(now + GATHER)
        if any(path.endswith(f"/{layout.EVENTS}") for path in paths):
            self._look_before(now + AT_ONCE)

    def _look_before(self, when: float) -> None:
        self._look_at = when if self._look_at is None else min(self._look_at, when)

    def due(self) -> float | None:
        """Seconds until the next look."""
        return None if self._look_at is None else max(0.0, self._look_at - time.monotonic())

    def tick(self) -> None:
        """Look, if it is time."""
        if self._look_at is not None and self._look_at <= time.monotonic():
            self._look_at = None
            changed, self._changed = self._changed, set()
            self._look(changed)

    def end(self) -> None:
        """The run is over: tell what is left."""
        if self._anybody_stood:
            self._look(None)

    def _look(self, changed: set[str] | None) -> None:
        from mpdebug.diagnosis.timeouts import delayed  # noqa: PLC0415 - when one struck
        from mpdebug.views.timeouts import notice  # noqa: PLC0415

        run = self._read(changed)
        kinds: dict[tuple[str, ...], list[Delayed]] = {}
        for told in delayed(run):
            kind = told.timeout.call, told.timeout.where, told.stander.key, str(told.stood.n)
            key = told.process.key, *kind
            if key not in self._told:  # a poll goes on striking
                self._told.add(key)
                kinds.setdefault(kind, []).append(told)
        for equal in kinds.values():
            self._terminal.write(notice(equal, run.cwd))
        self._tell_cut_short(run)

    def _read(self, changed: set[str] | None) -> Run:
        if self._reader is None:
            from mpdebug.observer.run import RunReader  # noqa: PLC0415 - when somebody stood

            self._reader = RunReader(self._path)
            changed = None
        return self._reader.refresh(changed)

    def _tell_cut_short(self, run: Run) -> None:
        from mpdebug.diagnosis.deaths import explain  # noqa: PLC0415
        from mpdebug.diagnosis.timeouts import cut_short  # noqa: PLC0415
        from mpdebug.views import timeouts as view  # noqa: PLC0415

        found = [one for one in cut_short(run) if one.process.key not in self._ended]
        if not found:
            return
        # Those are told as deaths. What looks like one before its parent had time to write that
        # it meant it comes again at the next look.
        bad = {death.process.key for death in explain(run) if death.bad}
        kinds: dict[tuple[object, ...], list[CutShort]] = {}
        for one in found:
            if one.process.key not in bad:
                self._ended.add(one.process.key)
                place = one.stood.file, one.stood.line
                kind = *place, one.sent.sender, one.signal, one.sent.call, one.sent.where
                kinds.setdefault(kind, []).append(one)
        for equal in kinds.values():
            self._terminal.write(view.cut_short(equal, run.cwd))
