"""What is said at a stop: lines from a prompt, questions from others, and what is printed.

The thread that stands at the stop does all of it: it sleeps in one `poll` over the listening
socket, its clients and the supervisor. A client that is lost puts it back to waiting; nothing
that a client does is raised in the program, but what it asked for with `abort`.

For the debugger this is a file: it writes, and reads a line when it wants a command.
"""

from __future__ import annotations

import os
import select
from _thread import RLock
from time import monotonic

from mpdebug.agent import guard, questions, wire
from mpdebug.agent.descriptors import open_high
from mpdebug.real import Real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mpdebug.agent.wire import Door, Peer

RELEASED = "_released"
"""The command that the debugger reads once the stop was released."""

CHUNK = 32 * 1024
OFTEN = 0.1
"""Seconds between two looks of a console at what is printed line by line."""

TRANSCRIPT_CAP = 4 * 1024 * 1024
LOOK_AGAIN = 1.0
"""Seconds of one sleep: then it is looked at what nobody can tell."""

WAYS = ("continue", "detach", "abort")


class Conversation:
    """The clients of one stop, and what the debugger reads and writes.

    Args:
        door: where clients come in; None: nobody can, only prepared commands are run.
        facts: the stop as its file tells it; sent with each prompt.
        changed: called when a console comes or goes (its pid, or 0).
        transcript: path of the file that keeps what was typed and printed.
    """

    encoding = "utf-8"
    errors = "backslashreplace"
    closed = False

    def __init__(
        self,
        door: Door | None,
        facts: dict[str, Any],
        changed: Callable[[int], None],
        transcript: str,
    ) -> None:
        self.door = door
        self.facts = facts
        self.changed = changed
        self.transcript = transcript
        self.peers: list[Peer] = []
        self.console: Peer | None = None
        self.lines: list[str] = []  # typed and not read yet; "\x04": end of input
        self.output: list[str] = []
        self.size = 0
        self.kept = 0  # characters of the transcript
        self.sent = 0.0  # when
        self.unheard: list[str] = []  # printed while no console was there
        self.prompt = ""
        self.state = "pdb"
        self.asking = False  # the prompt was sent, the console is to type
        self.struck = False  # a signal handler of the program raised while it waited
        self.released = ""
        self.wanted = ""  # what abort shall raise
        self.told = False  # the console knows that it goes on
        self.patience: float | None = None  # seconds without a console; None: for ever
        self.supervisor = -1  # a pidfd
        self.elsewhere: Callable[[], bool] = bool  # whether a console is at another stop
        self.alone_since = monotonic()
        self.debugger: Any = None
        self.lock = RLock()
        self.undisturbed = guard.Undisturbed()
        """From the moment when the stop is hit until it waits here."""

    # --- what a file has

    def write(self, text: str) -> int:
        """Take what the debugger, or code that it runs, prints."""
        with self.lock:
            self.output.append(text)
            self.size += len(text)
            if self.size > CHUNK or ("\n" in text and monotonic() - self.sent > OFTEN):
                self._send(keep_last_line=True)
        return len(text)

    def flush(self) -> None:
        """Send whole lines; what follows the last newline may be a prompt."""
        if self.output and self.size and "\n" in "".join(self.output):
            self._send(keep_last_line=True)

    def isatty(self) -> bool:
        """It is none."""
        return False

    def fileno(self) -> int:
        """There is none. Raises OSError, as io does."""
        raise OSError("a prompt has no descriptor")

    def readline(self, _size: int = -1) -> str:
        """The next command, with its newline; "" at the end of input.

        Waits for a console, and for the next one where that is lost. Raises only what a
        signal handler of the program raises meanwhile.
        """
        self._send(keep_last_line=True)
        with self.lock:
            self.prompt, self.output, self.size = "".join(self.output), [], 0
        self.state = questions.state_of(self.debugger, self.prompt)
        self.asking, self.struck = False, True
        self.undisturbed.end()
        while not self.lines and not self.released:
            self._ask_console()
            self._listen()
        self.struck = False
        if not self.lines:
            return f"{RELEASED}\n" if self.state == "pdb" else ""
        line = self.lines.pop(0)
        self.asking = False
        self._keep(f"{self.prompt}{line}\n")
        if line == "\x04":
            return "" if self.state != "pdb" else "detach\n"
        return f"{line}\n"

    def __iter__(self) -> Conversation:
        return self

    def __next__(self) -> str:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    # --- sending

    def _send(self, *, keep_last_line: bool = False) -> None:
        with self.lock:
            text = "".join(self.output)
            rest = ""
            if keep_last_line:
                head, newline, rest = text.rpartition("\n")
                text = head + newline
                if len(rest) > CHUNK:
                    text, rest = text + rest, ""
            self.output, self.size = ([rest] if rest else []), len(rest)
        if text:
            self.sent = monotonic()
            self._keep(text)
            for start in range(0, len(text), CHUNK):
                self._tell({"text": text[start : start + CHUNK]})

    def _tell(self, message: dict[str, Any]) -> None:
        if self.console is None:
            if "text" in message and len(self.unheard) < 100:  # noqa: PLR2004 - 3 MB
                self.unheard.append(message["text"])
        elif not self.console.send(message):
            self._lose(self.console)

    def _ask_console(self) -> None:
        if self.console is not None and not self.asking:
            self.asking = True
            said = {"prompt": self.prompt, "state": self.state, "stop": self.facts}
            self._tell(said)

    def _keep(self, text: str) -> None:
        """Add to the transcript; it is made when somebody comes."""
        if self.console is None or self.kept > TRANSCRIPT_CAP:
            return
        self.kept += len(text)
        try:
            fd = open_high(self.transcript, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            return
        try:
            os.write(fd, text.encode("utf-8", "backslashreplace"))
        except OSError as error:  # disk full
            if guard.is_from_outside(error):
                raise
            self.kept = TRANSCRIPT_CAP + 1
        finally:
            Real.close(fd)

    # --- listening

    def _listen(self) -> None:
        """Sleep until somebody says something, and hear it."""
        if self.door is None:
            self.released = "timeout"
            return
        wait = self._patience()
        if wait is not None and wait <= 0:
            self.released = "timeout"
            return
        # Python runs no handler for a signal that comes in the last µs before the system call.
        wait = LOOK_AGAIN if wait is None else min(wait, LOOK_AGAIN)
        sleeper = select.poll() if hasattr(select, "poll") else None
        watched = [self.door.fileno(), *(peer.fileno() for peer in self.peers)]
        if self.supervisor >= 0 and self.console is None:
            watched.append(self.supervisor)
        if sleeper is None:  # gevent takes poll away
            ready = select.select(watched, [], [], wait)[0]
        else:
            for fd in watched:
                sleeper.register(fd, select.POLLIN)
            ready = [fd for fd, _ in sleeper.poll(wait * 1000 + 1)]
        self._hear(set(ready))

    def _patience(self) -> float | None:
        """Seconds to sleep at most; None: as long as it takes."""
        now = monotonic()
        times = [peer.since + wire.PATIENCE - now for peer in self.peers if not peer.role]
        if self.patience is not None and self.console is None:
            times.append(self.alone_since + self.patience - now)
            if times[-1] <= 0 and self.patience > 0 and self.elsewhere():
                times[-1] = LOOK_AGAIN  # whoever is at another stop may come here next
            if times[-1] <= 0:
                return 0.0
        return max(0.01, min(times)) if times else None

    def _hear(self, ready: set[int]) -> None:
        door = self.door
        if door is not None and door.fileno() in ready:
            peer = door.accept()
            if peer is not None:
                peer.since = monotonic()
                self.peers.append(peer)
        if self.supervisor in ready and self.console is None:
            self.released = "gone"
        late = monotonic() - wire.PATIENCE
        for peer in list(self.peers):
            if peer.fileno() in ready:
                for line in peer.receive():
                    if not peer.lost:
                        self._heard_or_lost(peer, line)
            if peer.lost or (not peer.role and peer.since < late):
                self._lose(peer)

    def pull(self) -> bool:
        """Look for an interrupt while the debugger is at work; True if one was asked for.

        Called by the nudge's handler. What else has come is kept for later.
        """
        peer = self.console
        asked = False
        if peer is not None:
            for line in peer.receive():
                said = questions.parse(line)
                if said.get("interrupt"):
                    asked = True
                elif "line" in said or "release" in said:
                    self._heard_or_lost(peer, line)
        return asked

    def _heard_or_lost(self, peer: Peer, line: bytes) -> None:
        """Hear a line; whoever sends what we cannot even take apart is let go."""
        done = False
        with guard.quiet:
            self._heard(peer, line)
            done = True
        if not done:
            self._lose(peer)

    def _heard(self, peer: Peer, line: bytes) -> None:
        said = questions.parse(line)
        if not peer.role:
            self._welcome(peer, said)
        elif "release" in said:
            self._release(peer, said)
        elif peer is self.console and ("line" in said or said.get("eof")):
            text = "\x04" if said.get("eof") else str(said["line"])
            self.lines.append(text.removesuffix("\n"))
        elif answer := questions.answer(self.debugger, said):
            peer.send(answer)
        elif not said:  # no JSON object: nobody of ours talks like that
            self._lose(peer)

    def _welcome(self, peer: Peer, said: dict[str, Any]) -> None:
        role = said.get("as")
        if said.get("hello") != "mpdebug" or role not in ("console", "ask"):
            self._lose(peer)
            return
        if role == "console" and self.console is not None:
            peer.send({"busy": self.console.pid})
            self._lose(peer)
            return
        peer.role = str(role)
        peer.pid = peer.pid or int(said.get("pid") or 0)
        if role == "console":
            self.console = peer
            self.changed(peer.pid)
            self.asking = False
        peer.send(questions.welcome(self.debugger, self.facts))
        if role == "console":
            for text in self.unheard:
                self._tell({"text": text})
            self.unheard.clear()

    def _release(self, peer: Peer, said: dict[str, Any]) -> None:
        way = said["release"]
        if way not in WAYS:
            peer.send({"id": said.get("id"), "error": f"there is no way to go on: {way}"})
            return
        self.released = way
        self.wanted = str(said.get("with") or "")
        peer.send({"id": said.get("id"), "resumed": way})
        self.told = True
        if peer is not self.console:
            self._lose(peer)
            self._tell({"resumed": way, "by": peer.pid})

    def _lose(self, peer: Peer) -> None:
        peer.close()
        if peer in self.peers:
            self.peers.remove(peer)
        if peer is self.console:
            self.console = None
            self.asking = False
            self.alone_since = monotonic()
            self.lines.clear()
            self.changed(0)

    def reset(self, facts: dict[str, Any], transcript: str) -> None:
        """A new stop of the same thread."""
        self.facts, self.transcript = facts, transcript
        self.released, self.wanted, self.told = "", "", False
        self.lines.clear()
        self.unheard.clear()
        self.kept = 0
        self.alone_since = monotonic()

    def moving(self) -> None:
        """It steps: the console waits."""
        self._send()
        self._tell({"moving": True})

    def close(self) -> None:
        """It stays open: a child that is forked at the prompt closes its stdin."""

    def end(self, how: str) -> None:
        """The stop is over: tell the console how, let everybody go."""
        self._send()
        if not self.told:
            self._tell({"resumed": how})
        self.drop()

    def drop(self) -> None:
        """Close all connections without a word."""
        for peer in self.peers:
            peer.close()
        self.peers.clear()
        self.console = None
