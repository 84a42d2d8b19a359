"""Folders made ahead for processes that are yet to come.

A folder with four files costs its maker one to four milliseconds on a file system with a
journal, and a process that is being forked has to wait for it: that is more than the fork. So
the supervisor, which has time, keeps some ready, and a new process takes one by renaming it
(`agent/process.py`), for a twentieth of that. Where none is left it makes its own.

As many are kept as processes have come, up to `layout.SPARES`: a short run pays for few.
"""

from __future__ import annotations

import contextlib
import os
import shutil

from mpdebug.rundir import layout

FILES = (layout.PROCESS, layout.FAULTS, layout.EVENTS, layout.RECORDS)
"""Empty until the process writes: readers take an empty process.json for none."""


class Spares:
    """The folders that wait in one run."""

    def __init__(self, run: str) -> None:
        self._folder = os.path.join(run, layout.SPARE)
        # Not in that folder: to make a file locks its folder, and who takes one would wait.
        self._new = os.path.join(self._folder, "new", "one")
        self._kept = 1
        self.wanting = True
        """Whether there may be fewer than there should be."""
        try:
            os.mkdir(self._folder, 0o700)
            os.mkdir(os.path.dirname(self._new), 0o700)
        except OSError:  # the disk is full
            self.wanting = False

    def one_came(self) -> None:
        """A process began: it has taken one."""
        self._kept = min(self._kept + 1, layout.SPARES)
        self.wanting = True

    def make_one(self) -> None:
        """Make one more, where that is wanted."""
        try:
            there = set(os.listdir(self._folder))
            self.wanting = len(there) - 1 < self._kept
            if self.wanting:
                free = next(
                    name for name in map(str, range(layout.SPARES)) if name not in there
                )
                self._make(os.path.join(self._folder, free))
        except OSError:  # the disk is full, or the run folder was removed
            self.wanting = False

    def _make(self, path: str) -> None:
        os.mkdir(self._new, 0o700)
        try:
            for name in FILES:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                os.close(os.open(os.path.join(self._new, name), flags, 0o600))
            os.rename(self._new, path)
        except OSError:
            shutil.rmtree(self._new, ignore_errors=True)
            raise

    def close(self) -> None:
        """Remove those that nobody took: no more processes are waited for.

        One that begins all the same must have its folder as a whole, or none.
        """
        self.wanting = False
        for number in range(layout.SPARES):
            name = str(number)
            with contextlib.suppress(OSError):
                os.rename(
                    os.path.join(self._folder, name),
                    os.path.join(os.path.dirname(self._new), name),
                )
        with contextlib.suppress(OSError):
            shutil.rmtree(self._folder)
