"""Telling a hang while it stands, unasked: what is proved; what is suspected where asked to.

    the gate (who stands still?) ─▶ a picture without stacks ─▶ something proved?
        ─▶ a picture with stacks ─▶ findings ─▶ the terminal, findings.jsonl, --on-hang

It has a thread of its own in the supervisor, and sends nothing to a process of the program
before something is proved: only its stack is asked for, and that wakes it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpdebug.cli.options import RunOptions
    from mpdebug.cli.terminal import Terminal
    from mpdebug.model import Process, Run
    from mpdebug.model_waits import Finding, Picture
    from mpdebug.observer.run import RunReader
    from mpdebug.observer.standing import Gate

BEGIN = 0.5
"""Seconds before the first look: what a short program costs us is its start."""

GRACE = 2.0
"""Seconds for the main process to end after SIGTERM, before all are killed."""


class HangWatch:
    """Watches a run for hangs until `stop`.

    Args:
        path: the run folder.
        terminal: where it is told.
        asked: `hang_after` and `on_hang` of the command line.
        interrupted: keys of processes that we interrupt are added here.
    """

    def __init__(
        self, path: str, terminal: Terminal, asked: RunOptions, interrupted: set[str]
    ) -> None:
        self._path = path
        self._terminal = terminal
        self._after = float(asked.hang_after) if asked.hang_after else None
        self._on_hang = asked.on_hang
        self._interrupted = interrupted
        self._ended = threading.Event()
        self._changed: set[str] | None = None  # None: read everything
        self._lock = threading.Lock()
        self._told: set[tuple[object, ...]] = set()
        self._thread = threading.Thread(target=self._run, name="mpdebug-hangs", daemon=True)
        self.found: list[Finding] = []
        self.aborted = False

    def start(self) -> None:
        """Begin to watch. Raises RuntimeError where no thread can be started."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def changed(self, paths: set[str]) -> None:
        """Files of the run changed; called in the thread of the listener."""
        with self._lock:
            if self._changed is not None:
                self._changed |= paths

    def _run(self) -> None:
        if self._ended.wait(BEGIN):
            return
        try:
            self._watch()
        except Exception as error:  # noqa: BLE001 - the program goes on unwatched
            if not self._ended.is_set() and os.path.isdir(self._path):
                said = f"mpdebug: cannot watch for hangs: {type(error).__name__}: {error}\n"
                self._terminal.write(said)

    def _watch(self) -> None:
        from mpdebug.observer.run import RunReader  # noqa: PLC0415 - not before the program
        from mpdebug.observer.standing import Gate  # noqa: PLC0415

        reader, gate = RunReader(self._path), Gate()
        still_since: float | None = None
        while not self._ended.wait(gate.period):
            run = self._read(reader)
            now = time.monotonic()
            new = gate.look(run.processes, now)
            living = {one.key for one in run.processes if one.alive}
            if not living or living - gate.standing:
                still_since = None
            elif still_since is None:
                still_since = now
            if new:
                self._look_closely(gate)
            elif still_since and self._after is not None and now - still_since >= self._after:
                still_since = None
                self._suspect()

    def _read(self, reader: RunReader) -> Run:
        with self._lock:
            changed, self._changed = self._changed, set()
        return reader.refresh(changed)

    def _look_closely(self, gate: Gate) -> None:
        """Look for what is proved, without a word to any process; then ask for stacks."""
        from mpdebug.diagnosis.why import is_worth_stacks  # noqa: PLC0415 - when somebody stands
        from mpdebug.observer import picture  # noqa: PLC0415
        from mpdebug.observer.run import read_run  # noqa: PLC0415

        began = time.thread_time()
        run = read_run(self._path)
        if run.alive and is_worth_stacks(picture.take(run)):
            seen, found = self._explained()
            self._tell(seen, [one for one in found if one.standing and is_proved(one)])
        gate.spent(time.thread_time() - began, time.monotonic())

    def _suspect(self) -> None:
        """Nothing moved for as long as --hang-after says: suspicions are told too."""
        seen, found = self._explained(self._after or 0.0)
        self._tell(seen, [one for one in found if one.standing])

    def _explained(self, still_for: float = 0.0) -> tuple[Picture, list[Finding]]:
        from mpdebug.cli import why  # noqa: PLC0415 - when somebody stands
        from mpdebug.observer.run import read_run  # noqa: PLC0415

        return why.look(read_run(self._path), still_for)

    def _tell(self, seen: Picture, found: list[Finding]) -> None:
        new = [one for one in found if (one.kind, frozenset(one.processes)) not in self._told]
        if not new or self._ended.is_set():
            return
        from mpdebug.observer import findings  # noqa: PLC0415
        from mpdebug.views import findings as view  # noqa: PLC0415

        self._told |= {(one.kind, frozenset(one.processes)) for one in new}
        self.found += new
        findings.save(seen.run, new)
        for one in new:
            self._terminal.write(view.notice(one))
        self._act(seen.run, new)

    def _act(self, run: Run, found: list[Finding]) -> None:
        if self._on_hang == "abort":
            self.aborted = True
            note_abort(self._path)
            self._terminal.write("mpdebug: the program is ended (--on-hang=abort)\n")
            end_all(run, self._ended.wait)
        elif self._on_hang == "stop":
            from mpdebug.cli import reach  # noqa: PLC0415

            for one in _people(run, found):
                self._interrupted.add(one.key)
                reach.interrupt(self._path, one)


def _people(run: Run, found: list[Finding]) -> list[Process]:
    """The living processes that findings are about."""
    keys = {key for one in found for key in one.processes}
    return [one for one in run.processes if one.key in keys and one.alive and one.folder]


def is_proved(one: Finding) -> bool:
    """Whether it is certain."""
    return one.certainty == "proved"


def note_abort(path: str) -> None:
    """Write into run.json that what ends from now on is ended by us."""
    file = os.path.join(path, layout.RUN)
    head = lines.read_json(file)
    if head is not None:
        with contextlib.suppress(OSError):
            lines.write_json(file, {**head, "aborted": time.monotonic_ns()})


def end_all(run: Run, wait: Callable[[float], object]) -> None:
    """End a program: SIGTERM to its main process, and SIGKILL to all that is left of it."""
    living = [one for one in run.processes if one.alive]
    mains = [one for one in living if one.role == layout.MAIN] or living
    for one in mains:
        _signal(one, signal.SIGTERM)
    until = time.monotonic() + GRACE
    while time.monotonic() < until and any(
        layout.is_alive(one.pid, one.start) for one in mains
    ):
        wait(0.05)
    for one in living:
        _signal(one, signal.SIGKILL)


def _signal(one: Process, number: int) -> None:
    with contextlib.suppress(OSError):
        fd = os.pidfd_open(one.pid)
        try:
            if not one.start or layout.is_alive(one.pid, one.start):
                signal.pidfd_send_signal(fd, number)
        finally:
            os.close(fd)
