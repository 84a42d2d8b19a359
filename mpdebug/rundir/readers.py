"""Who follows a run keeps it from being removed before the last word was read.

A reader opens files anew each time it reads (a run may have thousands), so what a process wrote
just before the end of the run would be gone with the folder. It holds a shared lock on the
folder while it reads, and whoever removes the folder waits a moment for that. The kernel gives
the lock back when a reader dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 2.0
"""Seconds to wait for readers: one that reads on for longer has itself to thank."""

TRIES, PAUSE = 10, 0.01
"""To remove a folder in which a late process (a resource tracker) just makes its own."""


@contextmanager
def reading(run: str) -> Iterator[None]:
    """Keep a run from being removed while its rest is read. Does nothing if it is gone."""
    try:
        fd = os.open(run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)


def remove(run: str, most: float = MOST) -> None:
    """Remove a run folder, when nobody reads it any more or `most` seconds have passed."""
    _wait_for_readers(run, most)
    for _ in range(TRIES):
        shutil.rmtree(run, ignore_errors=True)
        if not os.path.lexists(run):
            return
        time.sleep(PAUSE)


def _wait_for_readers(run: str, most: float) -> None:
    try:
        fd = os.open(run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        until = time.monotonic() + most
        while time.monotonic() < until:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(PAUSE)
            else:
                return
    except OSError:  # a file system without such locks
        return
    finally:
        os.close(fd)
