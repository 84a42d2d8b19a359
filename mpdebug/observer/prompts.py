"""The other end of a stop: a connection to a process that stands at a breakpoint.

One object a line, JSON both ways; what is said is told in `agent/questions.py` and
`agent/conversation.py`. A process that evaluates or steps answers nothing until it is done, so
every question has a time-out.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

from mpdebug import env, errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpdebug.model import Stop

PATIENCE = 5.0
"""Seconds for a process that stands at a stop to let us in."""

FORMAT = 1
PIECE = 1 << 18

Message = dict[str, Any]


class Client:
    """A connection to one stop.

    Args:
        path: of the stop's socket.
        role: "console": types lines at its prompt, one at a time; "ask": asks only.

    Raises:
        OSError: nobody listens there, it is somebody else's, or it does not answer.
    """

    def __init__(self, path: str, role: str = "ask") -> None:
        self.socket = connect(path)
        self.closed = False
        self._rest = b""
        self._waiting: list[Message] = []  # received, and not asked for yet
        self._number = 0
        self.send(hello(role))

    def fileno(self) -> int:
        """The descriptor, for select; -1 when it is closed."""
        return self.socket.fileno()

    @property
    def has_more(self) -> bool:
        """Whether messages have come that nobody asked for yet."""
        return bool(self._waiting)

    def send(self, message: Message) -> None:
        """Send one message. To a process that is gone: nothing, `closed` becomes true.

        What it said before it went can still be received.
        """
        try:
            self.socket.settimeout(PATIENCE)
            self.socket.sendall(encode(message))
        except OSError:
            while not self.closed and _is_ready(self.socket, 0):
                self._waiting += self._read()
            self.closed = True

    def receive(self) -> list[Message]:
        """The messages that have come; never waits. After the last one `closed` is true."""
        found, self._waiting = self._waiting, []
        return found + self._read()

    def wait(self, timeout: float | None) -> Message | None:
        """The next message; None if none came in time, or none comes any more (`closed`)."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._waiting and not self.closed:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return None
            if _is_ready(self.socket, left):
                self._waiting += self._read()
        return self._waiting.pop(0) if self._waiting else None

    def ask(self, question: Message, timeout: float = 2.0) -> Message:
        """The answer to a question; {"error": why} when there is none."""
        self._number += 1
        self.send({**question, "id": self._number})
        end = time.monotonic() + timeout
        passed: list[Message] = []
        try:
            while (said := self.wait(max(end - time.monotonic(), 0.0))) is not None:
                if said.get("id") == self._number:
                    return said
                passed.append(said)
        finally:
            self._waiting = passed + self._waiting
        return {"error": GONE if self.closed else late(timeout)}

    def close(self) -> None:
        """Close the connection: the process waits for the next one."""
        self.closed = True
        self.socket.close()

    def _read(self) -> list[Message]:
        if self.closed:
            return []
        lines: list[bytes] = []
        try:
            self.socket.settimeout(0)
            data = self.socket.recv(PIECE)
            *lines, self._rest = (self._rest + data).split(b"\n")
            self.closed = not data
        except BlockingIOError:
            return []
        except OSError:
            self.closed = True
        return [found for line in lines if (found := decode(line))]


GONE = "it has gone on"


def late(timeout: float) -> str:
    """What is said of a process that did not answer."""
    return f"no answer within {timeout:g} s"


def hello(role: str) -> Message:
    """What a client says first."""
    return {"hello": "mpdebug", "format": FORMAT, "as": role, "pid": os.getpid()}


def encode(message: Message) -> bytes:
    """A message as its line."""
    return json.dumps(message).encode() + b"\n"


def decode(line: bytes) -> Message:
    """A line as its message; empty if it is none."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def connect(path: str) -> socket.socket:
    """A connection to this socket, whose other end runs as our user.

    AF_UNIX paths have room for 108 bytes, so it goes through a descriptor of the folder.

    Raises:
        OSError: nobody listens there; PermissionError: it is another user's.
    """
    folder, name = os.path.split(path)
    above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(f"/proc/self/fd/{above}/{name}" if env.HAS_PROC else path)
        uid = peer_uid(connection)
        if uid != os.geteuid():
            raise PermissionError(f"the process behind {path} belongs to user {uid}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(above)
    return connection


def peer_uid(connection: socket.socket) -> int:
    """The user at the other end, as the kernel says."""
    data = connection.getsockopt(*env.PEER_CREDENTIALS)
    return int.from_bytes(data[4:8], sys.byteorder)


def enter(stop: Stop) -> tuple[Client, Message]:
    """A console at a stop, and the welcome that it got.

    Raises:
        StopTakenError: another console is in it, it steps, or it has just gone on.
    """
    who = stop.name or f"pid {stop.pid}"
    try:
        client = Client(stop.socket, "console")
    except OSError as error:
        why = error if isinstance(error, PermissionError) else "it has gone on"
        raise errors.StopTakenError(f"{who} cannot be entered: {why}") from error
    said = client.wait(PATIENCE)
    if said is not None and "welcome" in said:
        return client, said
    client.close()
    if said is not None and "busy" in said:
        raise errors.StopTakenError(
            f"another prompt (pid {said['busy']}) is in {who}",
            "Use that one, or end it; the process goes on waiting.",
        )
    why = "it has gone on" if said is None and not stop.moving else "it steps"
    raise errors.StopTakenError(f"{who} does not answer: {why}")


def ask_all(stops: Sequence[Stop], question: Message, timeout: float = 2.0) -> list[Message]:
    """Ask many stops at once; their answers, or {"error": why}, in the same order.

    Takes as long as the slowest of them, at most `timeout` seconds.
    """
    answers: list[Message] = [{"error": late(timeout)} for _ in stops]
    text = encode(hello("ask")) + encode({**question, "id": 1})
    open_now: dict[int, socket.socket] = {}
    rest = [b""] * len(stops)
    end = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for at, stop in enumerate(stops):
            if stop.moving:
                answers[at] = {"error": "it steps"}
                continue
            try:
                connection = connect(stop.socket)
                open_now[at] = connection
                connection.sendall(text)
                connection.settimeout(0)
                selector.register(connection, selectors.EVENT_READ, at)
            except OSError:
                answers[at] = {"error": GONE}
        waiting = len(selector.get_map())
        try:
            while waiting and (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    answer = _part(open_now[key.data], rest, key.data)
                    if answer is not None:
                        answers[key.data] = answer
                        selector.unregister(key.fileobj)
                        waiting -= 1
        finally:
            for connection in open_now.values():
                connection.close()
    return answers


def _part(connection: socket.socket, rest: list[bytes], at: int) -> Message | None:
    """Read what came; the answer, if it is there now."""
    try:
        data = connection.recv(PIECE)
    except OSError:
        data = b""
    *lines, rest[at] = (rest[at] + data).split(b"\n")
    for line in lines:
        said = decode(line)
        if said.get("id") == 1:
            return said
    return None if data else {"error": GONE}


def _is_ready(connection: socket.socket, timeout: float | None) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(timeout))
