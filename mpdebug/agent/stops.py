"""Stops: a thread of this process that stands at a breakpoint, and how it goes on.

`stop` is the one entry for all ways to stop. It decides whether anybody will come, writes what
the board shows into `stops/<n>.json`, listens beside it, and returns when the stop is released.
It raises what `abort` asked for, and what a signal handler of the program raises meanwhile;
nothing else ever.
"""

from __future__ import annotations

import errno
import os
import sys
from _thread import get_ident

from mpdebug.agent import encode, guard, process, stop_facts
from mpdebug.real import Real
from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

    from mpdebug.agent.debugger import Debugger

ALONE = 60.0
"""Seconds that a stop waits which a person prepared at a prompt, where nobody else looks."""

ASKED_FOR = ("breakpoint", "post_mortem")
"""Kinds of stops that stand in the program; `--breakpoints` is about these."""

standing: dict[int, Session] = {}
"""Thread → its session, as long as that thread has a stop or a debugger that traces it."""


class Session:
    """The stops of one thread: one after the other, with one debugger.

    While the thread steps, and after a `c` with breakpoints of pdb's, it is still there.
    """

    def __init__(self, agent: process.Agent) -> None:
        from mpdebug.agent.conversation import Conversation  # noqa: PLC0415 - when it is hit
        from mpdebug.agent.debugger import Debugger  # noqa: PLC0415

        self.agent = agent
        self.kind = ""
        self.header = ""
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None
        self.frame: FrameType | None = None  # where it was hit
        self.path = ""  # of the file; empty: it does not stand
        self.facts: dict[str, Any] = {}
        self.patience: float | None = None
        self.attended = False  # a console was here
        self.script: list[str] = []
        self.scripted = False  # commands were run that nobody typed
        self.talk = Conversation(None, {}, self._console_changed, "")
        self.debugger: Debugger = Debugger(self.talk, self.stand, self.leave)
        self.talk.debugger = self.debugger
        self.talk.elsewhere = lambda: stop_facts.is_somebody_there(agent)
        self.streams: Any = ()  # what a command replaces while it is run

    def stands(self) -> bool:
        """Whether it is at its prompt, and does not step."""
        return bool(self.path) and not self.facts["moving"]

    def at(
        self,
        frame: FrameType | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stand at this place until it is released."""
        self.frame, self.error, self.traceback = frame, error, traceback
        try:
            self.debugger.stop_at(frame, error, traceback)
        finally:
            self.frame = self.error = self.traceback = None
            if self.debugger.tracing:
                standing[get_ident()] = self
            else:
                standing.pop(get_ident(), None)

    def stand(self, frame: FrameType | None) -> None:
        """The debugger stops: open the stop, or tell its new place."""
        self.streams = sys.stdin, sys.stdout, sys.displayhook
        with guard.quiet:
            standing[get_ident()] = self
            facts = stop_facts.place_of(frame, self.traceback)
            if self.path:
                self.facts.update({**facts, "moving": False})
                self._write()
            else:
                self._open(facts)
        self.scripted = self.scripted or bool(self.script)
        self.debugger.cmdqueue = [*self.script, *self.debugger.cmdqueue]
        self.script = []
        if self.header:
            self.talk.write(f"{self.header}\n")

    def leave(self, how: str) -> None:
        """The debugger goes on: the stop is over; where it steps, it stays and is silent."""
        with guard.quiet:
            if not self.path:
                return
            if not how:
                self.facts["moving"] = True
                self._write()
                self.talk.moving()
                return
            self.agent.event(layout.EV_RELEASED, n=self.facts["n"], how=how)
            self.talk.end(how)
            scripted = self.scripted
            if scripted:
                self._tell_script()
            if self.talk.door is not None:
                self.talk.door.close()
                self.talk.door = None
            if self.talk.supervisor >= 0:
                Real.close(self.talk.supervisor)
                self.talk.supervisor = -1
            path, self.path = self.path, ""
            if not self.debugger.tracing:
                standing.pop(get_ident(), None)
            if os.path.exists(path):
                os.unlink(path)
            if how == "timeout" and not (self.attended or scripted):
                self._tell_nobody_came()

    def _tell_nobody_came(self) -> None:
        """It stood for nothing: what a person would have looked at, as a log record."""
        from mpdebug.agent import report  # noqa: PLC0415 - when it is hit

        reason = f"nobody came within {self.talk.patience or 0:g} s"
        with guard.Undisturbed():
            report.write(self.agent, self.facts, self.frame, self.traceback, reason)

    def _tell_script(self) -> None:
        """What prepared commands printed while nobody was there, as a log record."""
        from mpdebug.agent import report  # noqa: PLC0415 - when it is hit

        self.scripted = False
        text, facts = "".join(self.talk.unheard), self.facts
        if text:
            place = f"{os.path.basename(facts['file'])}:{facts['line']} in {facts['function']}"
            report.put(self.agent, f"stopped at {place}", text.rstrip(), facts)

    def _open(self, place: dict[str, Any]) -> None:
        from mpdebug.agent.wire import Door  # noqa: PLC0415 - when it is hit

        talk = self.talk
        folder = os.path.join(self.agent.path, layout.STOPS)
        number = next(stop_facts.numbers)
        self.facts = stop_facts.facts_of(self.kind, number, self.header, self.error, place)
        talk.reset(self.facts, os.path.join(folder, f"{number}.log"))
        self.path = os.path.join(folder, f"{number}.json")
        talk.patience = ALONE if self.attended and self.patience is not None else self.patience
        if talk.patience == 0.0:
            stop_facts.tell_stopped(self.agent, self.facts, reported=False)
            return
        stop_facts.make_folder(folder)
        talk.door = Door(folder, f"{number}.s")
        supervisor = self.agent.settings.supervisor
        if supervisor and hasattr(os, "pidfd_open") and not self.agent.settings.wait:
            try:
                talk.supervisor = os.pidfd_open(supervisor)
            except ProcessLookupError:
                talk.released = "gone"
            except OSError as error:  # an old kernel, no descriptors: not told when it dies
                if guard.is_from_outside(error):
                    raise
                talk.supervisor = -1
        try:
            self._write()
        except OSError as error:  # the disk is full: nobody could find it, so it does not wait
            if guard.is_from_outside(error):
                raise
            talk.released = "gone"
        stop_facts.tell_stopped(self.agent, self.facts, reported=False)  # it wakes readers
        if not supervisor:
            stop_facts.say_where(self.agent, self.facts)

    def _write(self) -> None:
        if self.talk.door is not None:
            data = encode.encode_object(self.facts).encode() + b"\n"
            fd = os.open(f"{self.path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                if os.write(fd, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)
            finally:
                Real.close(fd)
            os.rename(f"{self.path}.new", self.path)

    def _console_changed(self, pid: int) -> None:
        with guard.quiet:
            self.attended = self.attended or bool(pid)
            self.facts["client"] = pid
            self._write()

    def drop(self) -> None:
        """In a forked child: the debugger is the parent's, and so is its prompt."""
        if self.talk in (sys.stdin, sys.stdout):
            sys.stdin, sys.stdout, sys.displayhook = self.streams
        self.talk.drop()
        if self.talk.door is not None:
            self.talk.door.drop()


def stop(
    frame: FrameType | None,
    kind: str,
    *,
    header: str = "",
    error: BaseException | None = None,
    traceback: TracebackType | None = None,
    tcp: bool | int | None = None,
    wait: float | None = None,
    commands: list[str] | None = None,
) -> None:
    """Stop this thread here; returns when it is released.

    Args:
        frame: where; None for a post-mortem.
        kind: why, as the stop file has it: "breakpoint", "failure", ….
        header: what is shown first.
        error: of a post-mortem or a failure.
        traceback: the same; its frames are looked at.
        tcp: a genuine remote-pdb port instead (True: any); None: as the settings say.
        wait: seconds to wait for somebody; None: as the settings say.
        commands: run first, as if they were typed.

    Raises:
        BdbQuit: `abort` was asked for; or the exception that was asked for with it.
    """
    here = process.check_fork()
    known = standing.get(get_ident())
    if here is None or (known is not None and known.stands()):
        return  # what is evaluated at a prompt does not stop again
    if known is not None:
        known.debugger.pause()
    session, port = None, False
    with guard.quiet, guard.Undisturbed():
        patience, script = plan(here, kind, wait, commands)
        if kind in ASKED_FOR and here.settings.breakpoints == "ignore":
            script = None
        elif here.settings.tcp if tcp is None else tcp:
            script, port = None, True
        elif patience == 0.0 and not script:
            script = None
            place = stop_facts.place_of(frame, traceback)
            facts = stop_facts.facts_of(kind, next(stop_facts.numbers), header, error, place)
            report_only(here, facts, frame, traceback)
        if script is not None:
            session = known or Session(here)
            session.kind, session.header = kind, header
            session.patience, session.script = patience, script
    if port:
        with guard.quiet:
            _open_port(here, frame or stop_facts.traceback_frame(traceback), kind, tcp)
    if session is not None:
        session.at(frame, error, traceback)
    elif known is not None:
        known.debugger.resume()


def plan(
    here: process.Agent, kind: str, wait: float | None, commands: list[str] | None
) -> tuple[float | None, list[str] | None]:
    """(seconds to wait for somebody, None: for ever; commands to run first) of a stop."""
    if kind == "attach":  # somebody asked for it a moment ago
        patience = patience_of(here, wait)
        return (ALONE if patience == 0.0 else patience), []
    if kind in ASKED_FOR and here.settings.breakpoints == "report":
        return 0.0, []
    return patience_of(here, wait), [*(commands or ()), *split(here.settings.script)]


def _open_port(
    here: process.Agent, frame: FrameType | None, kind: str, tcp: bool | int | None
) -> None:
    from mpdebug.agent import tcp as genuine  # noqa: PLC0415 - off by default

    genuine.stop(here, frame, kind, int(tcp or 0))


def patience_of(here: process.Agent, wait: float | None) -> float | None:
    """Seconds that a stop waits for somebody; None: for ever."""
    if wait is not None:
        return wait
    try:
        return (
            float(here.settings.wait)
            if here.settings.wait
            else None
            if here.settings.waits
            else 0.0
        )
    except ValueError:
        return 0.0


def split(script: str) -> list[str]:
    """Commands that are separated by `;;`."""
    return [part.strip() for part in script.split(";;") if part.strip()]


def report_only(
    here: process.Agent,
    facts: dict[str, Any],
    frame: FrameType | None,
    traceback: TracebackType | None,
) -> None:
    """Nobody will come: write down what a person would have looked at, and go on."""
    from mpdebug.agent import report  # noqa: PLC0415 - when it is hit

    stop_facts.tell_stopped(here, facts, reported=True)
    report.write(here, facts, frame, traceback)


def forget() -> None:
    """A forked child has no stop and no debugger; its parent's stay the parent's."""
    if standing:
        mine = standing.get(get_ident())
        sys.settrace(None)
        if mine is not None:
            mine.debugger.untrace()
        for session in standing.values():
            session.drop()
        standing.clear()
        known = sys.modules.get("bdb")
        if known is not None:
            known.Breakpoint.clearBreakpoints()


process.on_fork.append(forget)
