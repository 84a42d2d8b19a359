"""The descriptors that a thread waits for all at once, in poll, select or epoll."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from mpdebug import env
from mpdebug.observer import threads

if TYPE_CHECKING:
    from mpdebug.observer.syscalls import Call

POLLFD = struct.Struct("=ihh")
IN, OUT = 0x1 | 0x2 | 0x40, 0x4 | 0x100  # POLLIN, POLLPRI, POLLRDNORM; POLLOUT, POLLWRNORM
MOST = 4096
"""Descriptors that one call waits for; of more none are told."""


class Polled(NamedTuple):
    """A descriptor, and what is awaited of it."""

    number: int
    reads: bool
    writes: bool


def descriptors(pid: int, call: Call) -> list[Polled]:
    """What a call waits for; empty where that cannot be told."""
    if call.name == "epoll":
        return _epoll(pid, call.args[0])
    if call.number in env.SELECTS:
        return _select(pid, call)
    return _poll(pid, *call.args[:2])


def _poll(pid: int, address: int, count: int) -> list[Polled]:
    size = count * POLLFD.size
    data = threads.memory(pid, address, size) if count <= MOST else b""
    if len(data) != size:
        return []
    rows = POLLFD.iter_unpack(data)
    return [_of_mask(number, events) for number, events, _ in rows if number >= 0]


def _of_mask(number: int, events: int) -> Polled:
    # That the other end has gone is told in any case: to wait for nothing else is to wait
    # for that.
    writes = bool(events & OUT)
    return Polled(number, bool(events & IN) or not writes, writes)


def _select(pid: int, call: Call) -> list[Polled]:
    count = call.args[0]
    if count > MOST:
        return []
    size = (count + 63) // 64 * 8
    sets = []
    for address in call.args[1:4]:
        data = threads.memory(pid, address, size) if address else bytes(size)
        if len(data) != size:
            return []
        sets.append(int.from_bytes(data, "little"))
    to_read, to_write = sets[0] | sets[2], sets[1]
    return [
        Polled(number, bool(to_read >> number & 1), bool(to_write >> number & 1))
        for number in range(count)
        if (to_read | to_write) >> number & 1
    ]


def _epoll(pid: int, fd: int) -> list[Polled]:
    rows = [row.split() for row in fdinfo(pid, fd, b"tfd:")]  # 5 events: 19 data: …
    return [_of_mask(int(words[0]), int(words[2], 16)) for words in rows]


def fdinfo(pid: int, fd: int, key: bytes) -> list[str]:
    """The rows of /proc/PID/fdinfo/FD that begin with this, without it."""
    try:
        with open(f"/proc/{pid}/fdinfo/{fd}", "rb") as file:
            text = file.read()
    except OSError:
        return []
    rows = [row for row in text.splitlines() if row.startswith(key)]
    return [row[len(key) :].decode("ascii", "replace").strip() for row in rows]
