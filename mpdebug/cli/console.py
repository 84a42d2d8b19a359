"""A prompt in a stopped process: what is typed goes there, and what it says is shown.

A console is in one stop at a time. When that goes on, it enters the one that has waited
longest. It may be run in any thread: it sets no signal handlers and never exits.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.cli import console_commands, console_text
from mpdebug.cli.console_roles import ENDED, INTERRUPTED, WOKEN
from mpdebug.diagnosis.stops import label, rows
from mpdebug.observer import halting, prompts
from mpdebug.observer.living import is_servant, living_processes, process_of
from mpdebug.observer.stops import living_stops, stop_of
from mpdebug.rundir import layout, lines
from mpdebug.views.answers import short_path
from mpdebug.views.colours import RESET, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mpdebug.cli.console_roles import Terminal
    from mpdebug.model import Process, Stop

GRACE = 0.3
"""Seconds in which the process that goes on may come to its next breakpoint: a loop."""

DYING = 1.0
"""Seconds between the end of a process's connections and its own: memory takes a while."""

AGAIN = 0.5
"""Seconds between two looks at who is stopped."""

ENOUGH = 3
"""So many times Ctrl-C without an answer, and the console leaves the process alone."""

PDB = re.compile(r"(.*?)(\(+)Pdb\)+ \Z", re.DOTALL)
"""pdb's prompt, and before it what was printed without a newline."""

WORD = re.compile(r"[\w.]*\Z")
KEY = re.compile(r"""[A-Za-z_][\w.]*\[(['"]?[^\]\[]*)\Z""")


def run(
    path: str,
    stop: Stop,
    screen: Terminal,
    *,
    until: Callable[[], bool] | None = None,
    interrupted: bool = False,
    announces: bool = True,
) -> str:
    """Open a prompt in a stop, and then in others, until none waits.

    Returns "released": no stop waits any more; "ended": `until` said so; "left": the stops
    stay as they are (end of a piped input, the terminal is gone); "lost": the process died.

    Args:
        path: the run folder.
        stop: where to begin.
        screen: the terminal.
        until: asked a few times a second, and after each line; true: leave.
        interrupted: this stop was made for us, so that the process goes on when we leave.
        announces: tell of stops that come meanwhile; False: somebody else does.

    Raises:
        StopTakenError: the first stop cannot be entered.
    """
    console = Console(path, stop, screen, until, interrupted=interrupted)
    console.announces = announces
    with screen:
        try:
            return console.serve()
        finally:
            console.leave()


class Console:
    """The state of one prompt; see `run`."""

    def __init__(
        self,
        path: str,
        stop: Stop,
        screen: Terminal,
        until: Callable[[], bool] | None,
        *,
        interrupted: bool = False,
    ) -> None:

        self.path = path
        self.screen = screen
        self.until = until
        self.cwd = str((lines.read_json(os.path.join(path, layout.RUN)) or {}).get("cwd") or "")
        self.announces = True
        self.how = ""  # once it is to be left
        self.made: set[str] = {stop.process} if interrupted else set()
        self.known: set[tuple[str, int]] = set()  # stops that were told
        self.gone_on: set[tuple[str, int]] = set()  # their files may be there for a moment
        self.counted = (0, 0)  # stopped, living
        self._looked = 0.0
        self._interrupts = 0
        self._queue: list[str] = []
        self._ours_last = False
        screen.complete = self.complete
        self._enter(stop)
        self.known = {(one.process, one.n) for one in self.stops()}

    # --- where it is

    @property
    def who(self) -> str:
        """The process it is in, and the thread where that is not the main one."""
        return label(self.stop)

    def process(self) -> Process:
        """The process it is in."""
        return process_of(os.path.join(self.path, layout.PROCESSES, self.stop.process))

    def stops(self) -> list[Stop]:
        """All stops of the run, the one that waits longest first."""
        found = living_stops(self.path)[::-1]
        return [stop for stop in found if (stop.process, stop.n) not in self.gone_on]

    def is_here(self, stop: Stop) -> bool:
        """Whether it is in this stop."""
        return (stop.process, stop.n) == (self.stop.process, self.stop.n)

    def _enter(self, stop: Stop) -> None:
        self.client, said = prompts.enter(stop)
        self.stop = replace(stop, client=0)
        self._update(said.get("stop"))
        self.prompt: prompts.Message | None = None
        self.entering: list[str] | None = []  # what it printed before its first prompt
        self._interrupts = 0
        self.screen.commands = {*said.get("commands", ()), *console_commands.COMMANDS}
        self.known.add((stop.process, stop.n))

    def switch(self, stop: Stop) -> str:
        """Leave the stop as it is and enter another; "", or why that cannot be entered."""
        before = self.client
        try:
            self._enter(stop)
        except errors.MpdebugError as error:
            return str(error)
        before.close()
        return ""

    # --- the loop

    def serve(self) -> str:
        """Go on until there is nothing to do here; how it was left."""
        while not self.how:
            if self.prompt is None:
                self._wait()
            else:
                self._turn()
        return self.how

    def leave(self) -> None:
        """Let go of all that was held or made by us."""
        if self.how not in ("released", "lost") and not self.client.closed and self.made:
            for stop in self.stops():
                if stop.process in self.made:
                    self.made.discard(stop.process)
                    prompts.ask_all([stop], {"release": "detach"})
        self.client.close()
        self.screen.complete = None
        if halting.is_halted_by_us(self.path):
            halting.let_go(self.path, living_processes(self.path))

    def _wait(self) -> None:
        if not self.client.has_more:
            woken = self.screen.wait(self.client, self.tick)
            if woken is INTERRUPTED:
                self._interrupt()
        self._listen()

    def _listen(self) -> None:
        for said in self.client.receive():
            self._hear(said)
            if self.how:
                return
        if self.client.closed and not self.how:
            self._lost()

    def _hear(self, said: prompts.Message) -> None:
        if "resumed" in said:
            self._went_on(said)
        elif "text" in said:
            if self.entering is not None:
                self.entering.append(str(said["text"]))
            else:
                self.screen.write(str(said["text"]))
        elif "prompt" in said:
            self._update(said.get("stop"))
            self.prompt = said
            if (found := PDB.match(str(said["prompt"]))) and found[1]:
                self._hear({"text": f"{found[1]}\n"})  # printed without a newline
            self._interrupts = 0
            self._arrive()

    def _update(self, said: object) -> None:
        """The place has changed: it steps."""
        if isinstance(said, dict):
            folder = os.path.join(self.path, layout.PROCESSES, self.stop.process)
            self.stop = stop_of(folder, self.stop.n, said, name=self.stop.name)

    def _arrive(self) -> None:
        if self.entering is None:
            return
        printed, self.entering = "".join(self.entering), None
        self.screen.tell(console_text.arrival(self.stop, self.who, self.cwd))
        show = self.screen.write if self.screen.attended else self.screen.tell
        show(printed or console_text.standing(self.stop))

    def _turn(self) -> None:
        if self._queue:
            self._typed(self._queue.pop(0))
            return
        pdb = (self.prompt or {}).get("state") == "pdb"
        line = self.screen.read(self._prompt_text, self.client, self.tick, pdb=pdb)
        if line is WOKEN:
            self._listen()
        elif line is ENDED:
            self._end_of_input(pdb=pdb)
        elif line is not INTERRUPTED:
            parts = str(line).split("\n")
            if (
                pdb
                and len(parts) > 1
                and console_text.first_word(parts[0]) in self.screen.commands
            ):
                self._queue = [part for part in parts if part.strip()]  # pasted commands
            else:
                self._queue = [str(line)]
        if self.until is not None and self.until():
            self.how = "ended"

    def _typed(self, line: str) -> None:
        pdb = self.prompt is not None and self.prompt.get("state") == "pdb"
        if pdb and (command := console_commands.find(line)) is not None:
            self._ours_last = True
            command(self)
        elif not (pdb and self._ours_last and not line.strip()):
            self._ours_last = False
            self.type(line)

    def type(self, line: str) -> None:
        """Send a line to the process, as typed at its prompt."""
        self.prompt = None
        self.client.send({"line": line})

    def _end_of_input(self, *, pdb: bool) -> None:
        if self.screen.is_gone() or not self.screen.attended:
            self.how = "left"
        elif pdb:
            self.prompt = None
            self.client.send({"release": "detach", "id": 0})
        else:
            self.prompt = None
            self.client.send({"eof": True})

    def _interrupt(self) -> None:
        from mpdebug.observer.nudge import nudge  # noqa: PLC0415 - for Ctrl-C only

        self._interrupts += 1
        self._queue.clear()
        if self._interrupts >= ENOUGH:
            self.screen.tell(
                f"{self.who} does not answer and is left to its work; to come back:"
                f" mpdebug attach {self.stop.pid}\n"
            )
            self.client.close()
            self._next_stop("left", stands=True)
            return
        self.client.send({"interrupt": True})
        if why := nudge(self.process()):
            self.screen.tell(f"{self.who} cannot be interrupted: {why}\n")

    # --- going on

    def _went_on(self, said: prompts.Message) -> None:
        way = said["resumed"]
        by = f", released by process {said['by']}" if said.get("by") else ""
        text = {
            "abort": "goes on with an exception",
            "timeout": "goes on: it has waited long enough",
            "gone": "goes on: the supervisor is gone",
        }.get(str(way), "goes on")
        self.screen.tell(f"{self.who} {text}{by}\n")
        self.made.discard(self.stop.process)
        self._next_stop("released")

    def _lost(self) -> None:
        process, end = self.process(), time.monotonic() + DYING
        while (alive := layout.is_alive(process.pid, process.start)) and time.monotonic() < end:
            time.sleep(0.02)
        self.screen.tell(
            f"the connection to {self.who} was lost\n" if alive else f"{self.who} has ended\n"
        )
        self._next_stop("lost")

    def _next_stop(self, otherwise: str, *, stands: bool = False) -> None:
        """Enter the stop that waits longest; where there is none, that is the end."""
        self.prompt = None
        self._queue.clear()
        if not stands:
            self.gone_on.add((self.stop.process, self.stop.n))
        end = time.monotonic() + GRACE
        while True:
            for stop in self.stops():
                busy = stop.client or stop.moving or stop.tcp
                left = stands and self.is_here(stop)
                if not (busy or left) and not self.switch(stop):
                    return
            if time.monotonic() > end or (self.until is not None and self.until()):
                self.how = otherwise
                return
            time.sleep(0.02)

    # --- what else happens

    def tick(self) -> bool:
        """Look who is stopped, tell of new stops; true: the prompt is to be left."""
        if self.until is not None and self.until():
            self.how = "ended"
            return True
        if time.monotonic() - self._looked >= AGAIN:
            self._look()
        return False

    def _look(self) -> None:
        self._looked = time.monotonic()
        stops = self.stops()
        living = [one for one in living_processes(self.path) if not is_servant(one)]
        self.counted = (len({stop.process for stop in stops}), len(living))
        new = [stop for stop in stops if (stop.process, stop.n) not in self.known]
        self.known.update((stop.process, stop.n) for stop in new)
        for row in rows(new if self.announces else ()):
            place = f"{short_path(row.first.file, self.cwd)}:{row.first.line}"
            self.screen.above(f"{row.who} stopped at {place} in {row.first.function}\n")

    def _prompt_text(self) -> str:
        said = self.prompt or {}
        given = str(said.get("prompt") or "")
        if said.get("state") != "pdb":
            return given
        if not self._looked:
            self._look()
        stopped, living = self.counted
        found = PDB.match(given)
        depth = len(found[2]) if found else 1  # `debug` opens one in the other
        colour, plain = (code_of(self.stop.name), RESET) if self.screen.colour else ("", "")
        text = f"mpdb {self.who} {stopped}/{living}"
        return f"{colour}{'(' * depth}{text}{')' * depth}{plain} "

    def complete(self, line: str, end: int) -> tuple[int, Sequence[str]]:
        """Where the word at the cursor begins, and how it may go on.

        The stopped process is asked, over a connection of its own: a prompt is reading here.
        """
        before = line[:end]
        pdb = self.prompt is not None and self.prompt.get("state") == "pdb"
        if pdb and (names := console_commands.names_of(self, before)) is not None:
            return names
        found = KEY.search(before)
        begin = found.start(1) if found else WORD.search(before).start()  # type: ignore[union-attr]
        ours = console_commands.completions(before, begin) if pdb else []
        if ours is None:
            asked, shift = console_commands.as_expression(before)
        else:
            asked, shift = before, 0
        question = {
            "complete": before[begin:],
            "line": asked,
            "begin": begin + shift,
            "end": end + shift,
        }
        [answer] = prompts.ask_all([self.stop], question, 0.5)
        theirs = answer.get("completions")
        theirs = [str(one) for one in theirs] if isinstance(theirs, list) else []
        return begin, [*dict.fromkeys([*(ours or []), *theirs])]
