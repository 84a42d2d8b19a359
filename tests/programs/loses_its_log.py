"""Lose the descriptor of mpdebug's records between two of them: "close", "reuse" or "dup2"."""

import fcntl
import io
import logging
import os
import socket
import sys
import time

log = logging.getLogger("daemon")
log.warning("before")
held = {fd: os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")}
theirs = [int(fd) for fd, path in held.items() if path.endswith("records.jsonl")]
ours, peer = socket.socketpair()
log.warning("just before")
for fd in theirs:
    if sys.argv[1] == "dup2":
        os.dup2(ours.fileno(), fd)
    else:
        io.FileIO(fd).close()  # in C: nobody sees it
        if sys.argv[1] == "reuse":
            if fcntl.fcntl(ours, fcntl.F_DUPFD, fd) != fd:
                print("not reused")
            closed = time.monotonic_ns()
            while time.monotonic_ns() - closed < 2_000_000:
                pass
log.warning("after")
peer.setblocking(False)
try:
    print("leaked:", peer.recv(10000))
except BlockingIOError:
    print("nothing leaked")
