"""The socket of a stop, and the clients at it: JSON lines between a prompt and this process.

The C module `_socket` alone: `socket` loads selectors and enum, and gevent replaces it. Nothing
in here raises because of a client: one that is gone, slow or mad is `lost`, and that is all.
"""

from __future__ import annotations

import errno
import os
import sys
from _socket import AF_UNIX, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812 - a class

from mpdebug import env
from mpdebug.agent import encode, guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 1 << 20
"""Bytes of one line from a client; whoever sends more is no client of ours."""

PATIENCE = 5.0
"""Seconds for a hello, and for a client to take what is sent to it."""

FORMAT = 1


class Door:
    """The listening socket of one stop. Raises OSError where it cannot be made.

    AF_UNIX paths have room for 108 bytes, so it is bound through a descriptor of its folder.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.path = f"{folder}/{name}"
        self.socket = Socket(AF_UNIX, SOCK_STREAM)
        above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.socket.bind(f"/proc/self/fd/{above}/{name}" if env.HAS_PROC else self.path)
            os.chmod(self.path, 0o600)
        finally:
            os.close(above)
        self.socket.listen(64)
        self.socket.setblocking(False)

    def fileno(self) -> int:
        """The descriptor, for poll."""
        return self.socket.fileno()

    def accept(self) -> Peer | None:
        """The next client; None if there is none, or it is another user's."""
        try:
            fd, _ = self.socket._accept()  # type: ignore[attr-defined]  # noqa: SLF001
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            return None
        peer = Peer(Socket(AF_UNIX, SOCK_STREAM, 0, fd))
        if peer.is_of_this_user():
            return peer
        peer.close()
        return None

    def drop(self) -> None:
        """Close our copy of it in a forked child; it goes on listening for the parent."""
        self.socket.close()

    def close(self) -> None:
        """Close it and take its name away."""
        self.socket.close()
        try:
            os.unlink(self.path)
        except OSError as error:  # the run folder was removed
            if guard.is_from_outside(error):
                raise
            return


class Peer:
    """One client."""

    __slots__ = ("pid", "rest", "role", "since", "socket")

    def __init__(self, connection: Socket) -> None:
        self.socket: Socket | None = connection
        self.rest = b""
        self.role = ""  # "console" or "ask", once it has said hello
        self.pid = 0
        self.since = 0.0
        connection.settimeout(PATIENCE)
        try:
            connection.setsockopt(SOL_SOCKET, SO_SNDBUF, LONGEST)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            return

    @property
    def lost(self) -> bool:
        """Whether nobody is there any more."""
        return self.socket is None

    def is_of_this_user(self) -> bool:
        """Whether the kernel says that the other end runs as our user."""
        if self.socket is None:
            return False
        level, option, size = env.PEER_CREDENTIALS  # Linux: pid, uid, gid; macOS: version, uid
        try:
            data = self.socket.getsockopt(level, option, size)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            return False
        self.pid = int.from_bytes(data[0:4], sys.byteorder) if env.LINUX else 0
        return int.from_bytes(data[4:8], sys.byteorder) == os.geteuid()

    def fileno(self) -> int:
        """The descriptor, for poll; -1 if it is lost."""
        return -1 if self.socket is None else self.socket.fileno()

    def send(self, message: dict[str, Any]) -> bool:
        """Send one message; False (and lost) if the client does not take it."""
        if self.socket is None:
            return False
        try:
            self.socket.sendall(encode.encode_object(message).encode() + b"\n")
        except OSError as error:  # gone, or it does not read
            if guard.is_from_outside(error):
                raise
            self.close()
            return False
        return True

    def receive(self) -> list[bytes]:
        """The whole lines that have come; never waits."""
        if self.socket is None:
            return []
        try:
            self.socket.setblocking(False)
            try:
                data = self.socket.recv(1 << 16)
            finally:
                self.socket.settimeout(PATIENCE)
        except OSError as error:
            if guard.is_from_outside(error):
                raise
            if error.errno not in (errno.EAGAIN, errno.EINTR):
                self.close()
            return []
        *lines, self.rest = (self.rest + data).split(b"\n")
        if not data or len(self.rest) > LONGEST:
            self.close()
        return lines

    def close(self) -> None:
        """Close the connection; what was sent still arrives."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None
