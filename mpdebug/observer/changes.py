"""What changed in a run folder: sleeping until something does, and looking where it must.

One watch on the run folder, one on `p` and one on each process's folder. Where there is no
inotify, or no watch to be had (the limits are shared by all programs of a user), the folders
that are not watched are looked at every half second.

A watch costs the writer 3 µs for each line and us 5. So as long as a process writes hundreds
of lines a second its writes are not watched: we are awake anyway, and look.
"""

from __future__ import annotations

import contextlib
import os
import select

from mpdebug.rundir import inotify, layout

LOOK_EVERY = 0.5
"""Seconds between two looks at folders that cannot be watched."""

CALM = inotify.CREATE | inotify.MOVED_TO | inotify.ONLYDIR
MASK = CALM | inotify.MODIFY

BUSY = 16
"""So many events of one folder since the last look: it is looked at instead."""

LOOK_BUSY = 0.02
CALM_LOOKS = 4
"""After so many looks, so many seconds apart, that found nothing it is watched again."""

Files = dict[str, tuple[int, int, int]]
"""(inode, size, time of change) by name."""

Changed = dict[str, set[str]]
"""Names of files by the key of their process; the key "" is the run folder itself."""


class Changes:
    """Tells which files of a run changed since it was last asked.

    The first answer names all files that there are.
    """

    def __init__(self, run: str) -> None:
        self.gone = False  # the run folder was removed
        self._run = run
        self._processes = os.path.join(run, layout.PROCESSES)
        self._seen: set[str] = set()  # folders below p that were told
        self._keys: dict[int, str | None] = {}  # watch → key; None: the folder p
        self._watches: dict[str, int] = {}
        self._looked: dict[str, Files] = {}  # folders that cannot be watched: what was in them
        self._busy: dict[str, Files] = {}  # folders whose writes are not watched for now
        self._quiet: dict[str, int] = {}  # looks at them in a row in which nothing changed
        self._poll = select.poll()
        self._bell, self._bell_end = os.pipe()
        os.set_blocking(self._bell_end, False)
        os.set_blocking(self._bell, False)
        self._poll.register(self._bell, select.POLLIN)
        self._inotify: inotify.Inotify | None = None
        with contextlib.suppress(OSError):
            self._inotify = inotify.Inotify()
            self._poll.register(self._inotify.fileno(), select.POLLIN)
        self._p_watched = self._watch(None, self._processes)
        self._start_run = True

    def wait(self, timeout: float | None) -> Changed:
        """Sleep until something changed, `wake` was called, or `timeout` seconds passed."""
        changed: Changed = {}
        if self._start_run:
            self._start_run = False
            self._begin(changed, "", self._run)
            self._scan(changed)
        elif timeout != 0:
            self._sleep(timeout)
        if self._inotify is not None:
            self._look_at_busy(self._inotify, changed)
            self._hear(self._inotify, changed)
        if self._looked or not self._p_watched:
            self._look(changed)
        return changed

    def nap(self, seconds: float) -> None:
        """Sleep without regard to changes; `wake` ends it."""
        select.select([self._bell], [], [], seconds)

    def wake(self) -> None:
        """End the sleep of another thread, now or the next one. May be called from anywhere."""
        with contextlib.suppress(OSError):  # full: it will wake
            os.write(self._bell_end, b"!")

    def forget(self, key: str) -> None:
        """That process has ended and all was read: watch its folder no more."""
        wd = self._watches.pop(key, None)
        if wd is not None and self._inotify is not None:
            self._keys.pop(wd, None)
            self._inotify.remove(wd)
        self._looked.pop(key, None)
        self._busy.pop(key, None)

    def close(self) -> None:
        """Give all descriptors back."""
        if self._inotify is not None:
            self._inotify.close()
        os.close(self._bell)
        os.close(self._bell_end)

    def _sleep(self, timeout: float | None) -> None:
        if self._looked or not self._p_watched:
            timeout = LOOK_EVERY if timeout is None else min(timeout, LOOK_EVERY)
        if self._busy:
            timeout = LOOK_BUSY if timeout is None else min(timeout, LOOK_BUSY)
        self._poll.poll(None if timeout is None else timeout * 1000)
        with contextlib.suppress(BlockingIOError):
            os.read(self._bell, 512)

    def _watch(self, key: str | None, path: str) -> bool:
        if self._inotify is None:
            return False
        try:
            wd = self._inotify.add(path, MASK)
        except OSError:  # no watch left, or the folder is gone
            return False
        self._keys[wd] = key
        if key is not None:
            self._watches[key] = wd
        return True

    def _begin(self, changed: Changed, key: str, path: str) -> None:
        """A new folder: watch it first and look then, so that nothing falls in between."""
        if not self._watch(key, path):
            self._looked[key] = {}
            return
        try:
            names = os.listdir(path)
        except OSError:
            names = []
        if names:
            changed.setdefault(key, set()).update(names)

    def _scan(self, changed: Changed) -> None:
        """Look for folders of processes that are new."""
        try:
            names = os.listdir(self._processes)
        except FileNotFoundError:
            self.gone = not os.path.isdir(self._run)
            return
        except OSError:
            return
        for name in sorted(set(names) - self._seen):
            self._new(changed, name)

    def _new(self, changed: Changed, name: str) -> None:
        self._seen.add(name)
        if layout.parse_folder_name(name) is not None:
            changed.setdefault(name, set())
            self._begin(changed, name, os.path.join(self._processes, name))

    def _hear(self, source: inotify.Inotify, changed: Changed) -> None:
        """Take all that the kernel has to tell."""
        counts: dict[str, int] = {}
        while events := source.read():
            for (wd, mask, name), count in events.items():
                if mask & inotify.OVERFLOW:
                    self._everything(changed)
                    continue
                key = self._keys.get(wd, "?")
                if mask & inotify.IGNORED:
                    self._dropped(wd, key)
                elif key is None:
                    if name not in self._seen:
                        self._new(changed, name)
                elif key != "?" and name:
                    changed.setdefault(key, set()).add(name)
                    counts[key] = counts.get(key, 0) + count
            for key, count in counts.items():
                if count >= BUSY and key in self._watches and key not in self._busy:
                    self._calm(source, key)

    def _calm(self, source: inotify.Inotify, key: str) -> None:
        """Hear no more of each write to this folder. Its files are read after this."""
        path = self._path(key)
        with contextlib.suppress(OSError):
            source.add(path, CALM)
            before: Files = {}
            self._compare(path, before)
            self._busy[key] = before
            self._quiet[key] = 0

    def _look_at_busy(self, source: inotify.Inotify, changed: Changed) -> None:
        """Look at the folders whose writes are not watched; watch those that came to rest."""
        for key, before in list(self._busy.items()):
            path = self._path(key)
            names = self._compare(path, before)
            self._quiet[key] = 0 if names else self._quiet[key] + 1
            if self._quiet[key] == CALM_LOOKS:
                del self._busy[key]
                with contextlib.suppress(OSError):
                    source.add(path, MASK)
                names = self._compare(path, before)  # it may have written just now
            if names:
                changed.setdefault(key, set()).update(names)

    def _path(self, key: str) -> str:
        return os.path.join(self._processes, key) if key else self._run

    def _dropped(self, wd: int, key: str | None) -> None:
        """The kernel ended a watch: the folder is gone."""
        self._keys.pop(wd, None)
        if key is None or key == "":
            self.gone = True
        else:
            self._watches.pop(key, None)

    def _everything(self, changed: Changed) -> None:
        """Events were lost: anything may have changed."""
        self._scan(changed)
        for key in list(self._watches):
            with contextlib.suppress(OSError):
                changed.setdefault(key, set()).update(os.listdir(self._path(key)))

    def _look(self, changed: Changed) -> None:
        """Compare the folders that are not watched with what they were."""
        self._scan(changed)
        for key, before in self._looked.items():
            names = self._compare(self._path(key), before)
            if names:
                changed.setdefault(key, set()).update(names)

    @staticmethod
    def _compare(path: str, before: Files) -> set[str]:
        """The names in a folder whose files changed; `before` is brought up to date."""
        names = set()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    found = entry.stat(follow_symlinks=False)
                    now = (found.st_ino, found.st_size, found.st_mtime_ns)
                    if before.get(entry.name) != now:
                        before[entry.name] = now
                        names.add(entry.name)
        except OSError:  # it is gone, or one of its files just went: what is new is found next
            pass
        return names
