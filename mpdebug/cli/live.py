"""The running terminal: log lines as they come, deaths as they happen, and what is kept."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

from mpdebug import env
from mpdebug.cli.terminal import Terminal
from mpdebug.observer.stood import count_stops, transcripts
from mpdebug.rundir import layout, lines, readers

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence
    from typing import Any

    from mpdebug.cli.hangs import HangWatch
    from mpdebug.cli.notices import DeathNotices
    from mpdebug.cli.options import RunOptions
    from mpdebug.cli.running_prompt import RunningPrompt
    from mpdebug.cli.stop_notices import StopNotices
    from mpdebug.cli.timeouts import TimeOutNotices
    from mpdebug.cli.watch_run import WatchedRun
    from mpdebug.model import Run
    from mpdebug.observer.records import RecordListener
    from mpdebug.views.records import RecordView


PAUSE = 0.1
"""Seconds before we load what reads and draws: the program's own start is not to wait for it,
and one that is over by then and said nothing does without."""


class Live:
    """Shows a run while it goes on, in a thread of its own.

    Everything that draws is loaded in that thread, after the program was started, and what
    draws records when the first one comes.
    """

    def __init__(
        self,
        path: str,
        run: str,
        asked: RunOptions,
        log_file: int | None = None,
    ) -> None:
        self.path = path
        self.run = run
        self.asked = asked
        self.log_file = log_file  # an open descriptor
        self.answers_keys = False  # Ctrl-\ does not end the program
        self.terminal = Terminal()
        self.out = Terminal(1)  # for what the program prints, where that is captured
        self._watched: WatchedRun | None = None
        self._listener: RecordListener | None = None
        self._notices: DeathNotices | None = None
        self._prompt: RunningPrompt | None = None
        self.stopped = 0  # how often the program stopped; counted where --fail-on-stop is set
        self.lost = 0  # what the ledger has against the run: lost work, failures unlooked at
        self.fails = False  # and that --strict turns that into status 1
        self._watchers: list[DeathNotices | TimeOutNotices | StopNotices] = []
        self._hangs: HangWatch | None = None
        self._view: RecordView | None = None
        self._width: int | None = None  # for which the view was made: a window may change
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._status = -1
        self._telling = threading.Lock()  # held while it is shown where everybody is
        self._key_waits = False  # Ctrl-\ was pressed, and that is not begun yet
        self._thread = threading.Thread(target=self._show, name="mpdebug-live", daemon=True)

    def replaced(self) -> dict[int, int]:
        """Which of the program's descriptors are one of ours instead; before it is started."""
        if self.asked.watch:
            from mpdebug.cli import watch_run  # noqa: PLC0415  # for who asks

            self._watched = watch_run.begin(self.path, self.terminal, self.out)
        return self._watched.output.replaced if self._watched else {}

    def start(self) -> None:
        """Begin to show. Where this user may have no more threads nothing is shown."""
        try:
            self._thread.start()
            if self._watched is not None:
                self._watched.start()
        except RuntimeError as error:
            self._complain(f"cannot show the run: {error}")
            self._ready.set()

    def quit_key(self) -> None:
        r"""Ctrl-\ was pressed: show where everybody is. The program goes on."""
        if not self.answers_keys or self._key_waits:
            return
        self._key_waits = True
        try:
            threading.Thread(target=self._tell_stacks, daemon=True).start()
        except RuntimeError:  # this user may have no more threads
            self._key_waits = False

    def stands(self, *, still: bool) -> None:
        """We are about to be stopped with the program, or go on with it."""
        if self._watched is not None:
            self._watched.stands(still=still)

    def _tell_stacks(self) -> None:
        try:
            with self._telling:  # one picture after the other
                self._key_waits = False
                from mpdebug.cli import stacks  # noqa: PLC0415  # for who asks

                self.terminal.write(stacks.after_quit_key(self.path))
        except Exception as error:  # noqa: BLE001 - the program goes on
            self._complain(f"cannot tell the stacks: {type(error).__name__}: {error}")

    def stop(self, status: int) -> None:
        """Show all that is left, tell what was wrong; remove the folder or say where it is."""
        self._status = status
        self._ended.set()
        _write_end(self.path, status)
        self._ready.wait()
        if self._prompt is not None:
            self._prompt.close()
        if self._watched is not None:
            self._watched.close()
        if self._hangs is not None:
            self._hangs.stop()
        if self._listener is not None:
            self._listener.stop()
        if self._thread.is_alive():
            self._thread.join()
        self._count_stops()
        if not self._is_worth_keeping(status):
            readers.remove(self.path)
        if self._watched is not None:
            self._watched.output.drain()  # of those that live on

    def _show(self) -> None:
        try:
            quick = self._ended.wait(PAUSE) and self._status == 0
            if quick and _is_silent(self.path) and _is_uneventful(self.path):
                return
            self._listener = self._listen()
            self._hangs = self._watch_for_hangs()
            self._ready.set()
            self._listener.run()
        except Exception as error:  # noqa: BLE001 - the program goes on unseen
            self._complain(f"cannot show the run: {type(error).__name__}: {error}")
        finally:
            self._ready.set()

    def _listen(self) -> RecordListener:
        from mpdebug.cli.notices import DeathNotices  # noqa: PLC0415  # not before the program
        from mpdebug.cli.stop_notices import StopNotices  # noqa: PLC0415
        from mpdebug.cli.timeouts import TimeOutNotices  # noqa: PLC0415
        from mpdebug.observer.records import RecordListener  # noqa: PLC0415

        self._notices = DeathNotices(self.path, self.terminal)
        self._watchers = [
            self._notices,
            TimeOutNotices(self.path, self.terminal),
            StopNotices(self.path, self.terminal, self._open_prompts()),
        ]
        handlers = [*self._handlers(), *self._watchers]
        return RecordListener(self.path, *handlers, watch=self._changed)

    def _watch_for_hangs(self) -> HangWatch | None:
        from mpdebug.cli.hangs import HangWatch  # noqa: PLC0415  # not before the program

        if not env.HAS_PROC or self._ended.is_set():
            return None
        interrupted = self._prompt.interrupted if self._prompt is not None else set[str]()
        watch = HangWatch(self.path, self.terminal, self.asked, interrupted)
        watch.start()
        return watch

    @property
    def aborted(self) -> bool:
        """Whether --on-hang=abort has ended the program."""
        return self._hangs is not None and self._hangs.aborted

    def _open_prompts(self) -> RunningPrompt | None:
        """What opens prompts in this terminal, if anything does."""
        from mpdebug.cli import running_prompt  # noqa: PLC0415  # not before the program

        self._prompt = running_prompt.for_run(self.path, self.asked, self.terminal, self.out)
        if self._prompt is not None:
            self._prompt.start()
        return self._prompt

    def _changed(self, paths: set[str]) -> None:
        for watcher in self._watchers:
            watcher.changed(paths)
        if self._hangs is not None:
            self._hangs.changed(paths)

    def _handlers(self) -> list[logging.Handler]:
        from mpdebug.observer.jsonfile import JsonLinesHandler  # noqa: PLC0415
        from mpdebug.observer.output import OutputHandler  # noqa: PLC0415
        from mpdebug.observer.terminal import TerminalHandler  # noqa: PLC0415

        found: list[logging.Handler] = []
        if self.asked.logs != "off":
            found.append(
                TerminalHandler(
                    self.terminal.write,
                    self._render,
                    logs=self.asked.logs,
                    level=self.asked.level,
                    fold=self.asked.fold,
                    beside=self.terminal.was_written,
                )
            )
        if self.log_file is not None:
            tell = self._complain
            found.append(JsonLinesHandler(self.log_file, tell))
        if self.asked.capture:
            out, name = self.out, self._view_of().name
            found.append(
                OutputHandler(
                    out.write_bytes,
                    self.terminal.write_bytes,
                    lambda process: name(process, colour=out.colour),
                    name,
                )
            )
        return found

    def _complain(self, text: str) -> None:
        self.terminal.write(f"mpdebug: {text}\n")

    def _render(self, record: dict[str, Any], names: Sequence[str]) -> str:
        return self._view_of().line(record, names)

    def _view_of(self) -> RecordView:
        width = self.terminal.width if self.terminal.is_a_terminal else None
        if self._view is None or width != self._width:
            from mpdebug.views.records import RecordView  # noqa: PLC0415  # 0.1 s

            self._width = width
            self._view = RecordView(colour=self.terminal.colour, width=width)
        return self._view

    def _is_worth_keeping(self, status: int) -> bool:
        """Say what was wrong, and where the run is kept; False: nothing was, remove it."""
        wrong = self._what_was_wrong(status)
        typed = transcripts(self.path)
        hung = self._hangs is not None and bool(self._hangs.found)
        chosen = bool(self.asked.keep or self.asked.run_dir or self.stopped or typed or hung)
        if not os.path.isdir(self.path):
            if wrong:
                self.terminal.write(f"mpdebug: {wrong}. The run folder is gone: {self.path}\n")
            return True
        if wrong or chosen or self.lost:
            name = self.path if self.asked.run_dir else self.run
            word = "why" if hung or (self.lost and not wrong) else "deaths" if wrong else "logs"
            command = f"mpdebug {word} {name}"
            where = "" if self.asked.run_dir else f"  ({self.path})"
            self._tell(f"mpdebug: {wrong}." if wrong else "", f"Kept: {command}{where}")
            if typed:
                what = typed[0] if len(typed) == 1 else f"{len(typed)} × p/*/stops/*.log"
                self.terminal.write(f"  What was typed at the prompt: {what}\n")
        return bool(wrong or chosen or self.lost)

    def _count_stops(self) -> None:
        """For --fail-on-stop: say that it changes the exit status, while the run is there."""
        if self.asked.fail_on_stop:
            self.stopped = count_stops(self.path)
        if self.stopped:
            times = "once" if self.stopped == 1 else f"{self.stopped} times"
            self.terminal.write(
                f"mpdebug: the program stopped {times} at a breakpoint, and that fails the run"
                " (--fail-on-stop)\n"
            )

    def _tell(self, wrong: str, kept: str) -> None:
        """One line, or two where the terminal is too narrow."""
        if not wrong:
            text = f"mpdebug: {kept}"
        elif self.terminal.is_a_terminal and len(wrong + kept) >= self.terminal.width:
            text = f"{wrong}\n  {kept}"
        else:
            text = f"{wrong} {kept}"
        self.terminal.write(f"{text}\n")

    def _what_was_wrong(self, status: int) -> str:
        """All bad deaths, and who lives on, in one line; empty if there is nothing to tell."""
        if self._notices is None or (status == 0 and _is_uneventful(self.path)) or self.aborted:
            return ""
        from mpdebug.cli.notices import is_printed  # noqa: PLC0415  # loaded already

        try:
            run, bad = self._notices.last()
            self._tell_lost(run, status)
        except Exception as error:  # noqa: BLE001 - the folder may be gone or damaged
            return f"cannot read what happened ({error})" if os.path.isdir(self.path) else ""
        if self._notices.blind:
            self._complain("the run folder's disk is full: how some ended is not known")
        if not bad or (all(map(is_printed, bad)) and _is_silent(self.path)):
            return ""
        from mpdebug.views import deaths as view  # noqa: PLC0415  # when something died

        return view.summary(bad, len(run.processes))

    def _tell_lost(self, run: Run, status: int) -> None:
        from mpdebug.cli import ledger  # noqa: PLC0415  # for who has children

        self.lost, bad = ledger.tell(run, self.terminal, strict=self.asked.strict)
        self.fails = bad and self.asked.strict
        if self.fails and not status:
            self.terminal.write("mpdebug: and that fails the run (--strict)\n")


def _is_uneventful(path: str) -> bool:
    """Whether the main process was the only one and noted nothing: nothing is to be told."""
    above = os.path.join(path, layout.PROCESSES)
    try:
        folders = os.listdir(above)
        events = [os.path.join(above, folder, layout.EVENTS) for folder in folders]
        return len(folders) <= 1 and not any(map(os.path.getsize, events))
    except OSError:
        return False


def _is_silent(path: str) -> bool:
    """Whether no process but the main one was there, and that wrote nothing."""
    above = os.path.join(path, layout.PROCESSES)
    try:
        folders = os.listdir(above)
        for name in (layout.RECORDS, layout.OUT, layout.ERR):
            for folder in folders:
                file = os.path.join(above, folder, name)
                if os.path.exists(file) and os.path.getsize(file):
                    return False
    except OSError:
        return False
    return len(folders) <= 1


def _write_end(path: str, status: int) -> None:
    """Add the end to run.json."""
    file = os.path.join(path, layout.RUN)
    head = lines.read_json(file)
    if head is not None:
        with contextlib.suppress(OSError):
            lines.write_json(file, {**head, "ended": time.time(), "status": status})
