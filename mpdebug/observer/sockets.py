"""Which two ends of AF_UNIX sockets belong together: the kernel's sock_diag, one question."""

from __future__ import annotations

import os
import socket
import struct
from typing import NamedTuple

DIAG, BY_FAMILY = 4, 20  # NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY
REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
SHOW = 1 | 4  # UDIAG_SHOW_NAME | UDIAG_SHOW_PEER
NAME, PEER = 0, 2
DONE, ERROR = 3, 2
LISTEN = 10
HEAD = struct.Struct("=IHHII")  # nlmsghdr
QUESTION = struct.Struct("=BBHIIIII")  # unix_diag_req
ANSWER = struct.Struct("=BBBBIII")  # unix_diag_msg
ATTRIBUTE = struct.Struct("=HH")


class Unix(NamedTuple):
    """An AF_UNIX socket."""

    inode: int
    peer: int  # inode of the other end; 0: none
    name: str  # its path, where it has one
    listens: bool


def unix_sockets() -> dict[int, Unix]:
    """All AF_UNIX sockets of this network namespace by inode; empty where it is not told."""
    found: dict[int, Unix] = {}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, DIAG) as asked:
            asked.settimeout(1.0)
            body = QUESTION.pack(socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, SHOW, 0, 0)
            size = HEAD.size + len(body)
            asked.send(HEAD.pack(size, BY_FAMILY, REQUEST_DUMP, 1, 0) + body)
            while _take(asked.recv(1 << 18), found):
                pass
    except (OSError, AttributeError):
        return found
    return found


def _take(data: bytes, found: dict[int, Unix]) -> bool:
    """Read one datagram of answers; False if it was the last."""
    at = 0
    while at + HEAD.size <= len(data):
        size, kind = HEAD.unpack_from(data, at)[:2]
        if kind in (DONE, ERROR) or size < HEAD.size:
            return False
        one = _one(data[at + HEAD.size : at + size])
        found[one.inode] = one
        at += (size + 3) & ~3
    return bool(data)


def _one(data: bytes) -> Unix:
    _family, _type, state, _pad, inode = ANSWER.unpack_from(data)[:5]
    name, peer = "", 0
    at = ANSWER.size
    while at + ATTRIBUTE.size <= len(data):
        size, kind = ATTRIBUTE.unpack_from(data, at)
        if size < ATTRIBUTE.size:
            break
        value = data[at + ATTRIBUTE.size : at + size]
        if kind == NAME:
            name = os.fsdecode(value.rstrip(b"\0"))
        elif kind == PEER:
            (peer,) = struct.unpack("=I", value)
        at += (size + 3) & ~3
    return Unix(inode, peer, name, state == LISTEN)
