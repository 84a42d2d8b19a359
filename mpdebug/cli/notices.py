"""Telling deaths while the program runs: each as soon as its cause is known, each once."""

from __future__ import annotations

import logging
import signal
import time
from typing import TYPE_CHECKING

from mpdebug.rundir import layout, place

if TYPE_CHECKING:
    from mpdebug.cli.terminal import Terminal
    from mpdebug.model import Death, Run
    from mpdebug.observer.run import RunReader

GATHER = 0.2
"""Seconds between the first sign of a death and the look: who saw it, who sent the signal and
what it had in hand are written by several processes, and its last records are shown first."""

UNSURE = 1.0  # seconds in which somebody may still tell how a vanished process ended
VANISHED = "vanished"
FEW = 3  # so many equal deaths are told one by one; the others as a count

POLITE = {
    getattr(signal, f"SIG{name}", None)
    for name in ("HUP", "INT", "QUIT", "TERM", "PIPE", "ALRM", "USR1", "USR2")
}
"""Signals that the main process may die of without a word from us: who sent them knows."""


class DeathNotices(logging.Handler):
    """Tells the bad deaths of a run. It has the listener's clock (`due` and `tick`)."""

    takes_records = False

    def __init__(self, path: str, terminal: Terminal) -> None:
        super().__init__()
        self._path = path
        self._terminal = terminal
        self._reader: RunReader | None = None
        self._changed: set[str] = set()
        self._look_at: float | None = None
        self._told: set[str] = set()  # keys of processes
        self._kinds: dict[tuple[str, ...], int] = {}
        self._more: dict[tuple[str, ...], list[Death]] = {}  # counted, not told yet
        self._unsure: dict[str, float] = {}
        self._fresh = False  # somebody died just now: not all who know have told
        self.blind = False
        """The disk is full: how a process ended could not be written, and is not known."""

    def changed(self, paths: set[str]) -> None:
        """Files of the run changed; called in the thread of the listener."""
        self._changed |= paths
        ends = any(path.endswith((layout.EXITS, layout.EXIT, layout.FAULTS)) for path in paths)
        if ends and self._look_at is None:
            self._look_at = time.monotonic() + GATHER

    def due(self) -> float | None:
        """Seconds until the next look."""
        return None if self._look_at is None else max(0.0, self._look_at - time.monotonic())

    def tick(self) -> None:
        """Look, if it is time."""
        if self._look_at is not None and self._look_at <= time.monotonic():
            self._look_at = None
            self._fresh = False
            self._tell_more()
            self._look(self._changed)
            self._changed = set()
            if self._fresh or self._unsure or self._more:
                self._look_at = time.monotonic() + (GATHER if self._fresh else UNSURE)

    def last(self) -> tuple[Run, list[Death]]:
        """Tell what is left at the end; returns the run, and all bad deaths in it."""
        run, bad = self._look(None, last=True)
        self._tell_more()
        return run, bad

    def _look(self, changed: set[str] | None, *, last: bool = False) -> tuple[Run, list[Death]]:
        from mpdebug.diagnosis import deaths  # noqa: PLC0415  # when something ended

        run = self._read(changed)
        bad = [death for death in deaths.explain(run) if death.bad and not is_known(death)]
        if any(death.kind == VANISHED for death in bad) and place.is_full(self._path):
            self.blind = True
            bad = [death for death in bad if death.kind != VANISHED]
        for death in bad:
            key = death.process.key
            if key not in self._told and (last or self._is_sure(death)):
                self._told.add(key)
                if death.kind != "orphan" and not is_printed(death):  # the summary has them
                    self._tell(death)
        return run, bad

    def _read(self, changed: set[str] | None) -> Run:
        if self._reader is None:
            from mpdebug.observer.run import RunReader  # noqa: PLC0415  # when something ended

            self._reader = RunReader(self._path)
            changed = None
        return self._reader.refresh(changed)

    def _is_sure(self, death: Death) -> bool:
        """Whether nobody can add to it: how it ended, or that Ctrl-C was pressed (twice)."""
        now = time.monotonic()
        if now - death.mono / 1e9 < GATHER:  # what we look for was another one's end
            self._fresh = True
            return False
        one = death.process
        nowhere = death.kind == "exit" and all(label != "at" for label, _ in death.detail)
        # Its parent has yet to say whom it has made: those of os.fork have no other name.
        nameless = one.role == "worker" and one.name == f"{one.method}-{one.pid}"
        if death.kind != VANISHED and not nowhere and not nameless:
            return True
        return now - self._unsure.setdefault(death.process.key, now) >= UNSURE

    def _tell(self, death: Death) -> None:
        from mpdebug.diagnosis import fold  # noqa: PLC0415
        from mpdebug.views import deaths as view  # noqa: PLC0415  # when something died

        self._unsure.pop(death.process.key, None)
        kind = fold.signature(death)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if self._kinds[kind] <= FEW:
            self._terminal.write(view.notice(death))
        else:
            self._more.setdefault(kind, []).append(death)

    def _tell_more(self) -> None:
        if self._more:
            from mpdebug.views import deaths as view  # noqa: PLC0415

            for deaths in self._more.values():
                self._terminal.write(view.more(deaths))
            self._more.clear()


def is_printed(death: Death) -> bool:
    """Whether Python itself said it on our terminal: the main process's own exception.

    It is told all the same where we know a cure: some come of having several processes.
    """
    cured = any(label == "cure" for label, _ in death.detail)
    return death.process.role == layout.MAIN and death.kind == "exception" and not cured


def is_known(death: Death) -> bool:
    """Whether the person, or a shell, ended the main process in a way that is made for that."""
    ended = death.process.ended
    if death.process.role != layout.MAIN or death.kind != "signal" or ended is None:
        return False
    return -(ended.status or 0) in POLITE
