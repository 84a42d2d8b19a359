"""The queue of the RecordListener: what all processes of a run write, as one stream.

    p/*/records.jsonl ─▶ merge (by mono) ─┐
    p/*/out, err      ─▶ lines           ─┴▶ batches of entries ─▶ get(): LogRecords
    everything else   ─▶ watch(names)

It has the methods of a `queue.Queue` for reading, so that also a plain QueueListener can be
given one. Nothing can be put into it: processes do that, by writing to their files.
"""

from __future__ import annotations

import contextlib
import os
import queue
import time
from collections import deque
from typing import TYPE_CHECKING

from mpdebug.observer import marked
from mpdebug.observer.changes import Changed, Changes
from mpdebug.observer.merge import Entry, Merge
from mpdebug.observer.output import Outputs
from mpdebug.observer.rebuild import to_record
from mpdebug.observer.who import Names
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import LogRecord

GATHER = 0.02
"""Seconds to wait after something changed: the lines are held back longer than that anyway,
and so a busy program wakes us fifty times a second and not for each of its lines."""

CHECK_EVERY = 0.5
"""Seconds between two looks whether a process that said goodbye is gone."""


class RecordStream:
    """What all processes of a run write, in the order of time.

    Args:
        run: path of the run folder.
        window: how long lines are held back to be put in order, in seconds.
        follow: go on until `finish` is called; False: read what is there.
        records: read the record files; False: only the rest is of interest.
        output: also read what the processes printed.
        watch: is called with the relative paths of other files that changed.
    """

    def __init__(
        self,
        run: str,
        *,
        window: float = 0.05,
        follow: bool = True,
        records: bool = True,
        output: bool = False,
        watch: Callable[[set[str]], None] | None = None,
    ) -> None:
        self.names = Names(run)
        self.done = False  # everything was read and handed out
        self._run = run
        self._records = records
        self._merge = Merge(self.names.name, window)
        self._changes = Changes(run)
        self._outputs = Outputs(run) if output else None
        self._watch = watch
        self._stop = not follow
        self._exits = lines.Tail(os.path.join(run, layout.EXITS))
        self._folders: dict[tuple[int, int], str] = {}  # (pid, start): its newest folder
        self._leaving: dict[str, tuple[int, int]] = {}  # said goodbye, may still run
        self._checked = 0.0
        self._epoch = time.time_ns() - time.monotonic_ns()
        self._told_gone = False
        self._touched = False
        self._ready: deque[Entry] = deque()

    # Reading in batches.

    def batch(self, timeout: float | None = None) -> list[Entry]:
        """Wait for changes and return what may be shown now; may be empty.

        The last batch has been returned when `done` is true.

        Args:
            timeout: seconds to wait at most; None: for ever.
        """
        if self.done:
            return []
        stopping = self._stop  # before the last look: what is written until now is not lost
        changed = self._wait(stopping, timeout)
        self._note(changed)
        if self._watch is not None:
            self._tell(changed, self._watch)
        if stopping:
            return self._last()
        return self._merge.take(
            key for key, names in changed.items() if layout.RECORDS in names
        )

    def _wait(self, stopping: bool, timeout: float | None) -> Changed:
        if stopping or self._merge.behind or timeout == 0:
            return self._changes.wait(0)
        due = self._merge.due()
        if due is not None:  # there is work: not for each line of it
            self._changes.nap(max(due, GATHER))
            return self._changes.wait(0)
        changed = self._changes.wait(timeout)
        if changed and not self._stop:
            self._changes.nap(GATHER)
            for key, names in self._changes.wait(0).items():
                changed.setdefault(key, set()).update(names)
        return changed

    def finish(self) -> None:
        """Read everything to its end, and then no more. May be called from any thread."""
        self._stop = True
        self._changes.wake()

    def nap(self, seconds: float) -> None:
        """Sleep; `finish` ends it."""
        self._changes.nap(seconds)

    def close(self) -> None:
        """Give all descriptors back."""
        self._changes.close()

    def notice(self, text: str) -> Entry:
        """A line of our own for the stream."""
        now = time.monotonic_ns()
        return now, "", marked.notice(text, time.time(), now), ""

    def _last(self) -> list[Entry]:
        """Everything is written: the rest of all files, in batches too."""
        if not self._touched:
            self._touched = True
            self._touch_all()
        found = self._merge.take(last=True)
        if not self._merge.behind:
            self.done = True
        return found

    def _touch_all(self) -> None:
        """All files are to be read once more, whether a change was told or not."""
        for key in list(self._merge.sources):
            self._merge.touch(key)
        if self._outputs is not None:
            for key in self._outputs.keys():  # noqa: SIM118 - not a dict
                self._end_output(key)

    # What changed.

    def _note(self, changed: Changed) -> None:
        for key, names in changed.items():
            if key:
                self._note_process(key, names)
        if layout.EXITS in changed.get("", ()):
            self._read_exits()
        if self._leaving and time.monotonic() - self._checked > CHECK_EVERY:
            self._check_leaving()
        if self._changes.gone and not self._told_gone:
            self._told_gone = True
            if not self._stop:
                self._merge.put(self.notice("the run folder was removed: no more records come"))

    def _note_process(self, key: str, names: set[str]) -> None:
        if layout.PROCESS in names:
            self.names.changed(key)
        if self._records and layout.RECORDS in names:
            path = os.path.join(self._run, layout.PROCESSES, key, layout.RECORDS)
            self._merge.add(key, path)
        self._note_folder(key)
        if layout.EXIT in names:
            parsed = layout.parse_folder_name(key)
            if parsed is not None:
                self._leaving[key] = parsed[:2]
        if self._outputs is not None:
            for stream in (layout.OUT, layout.ERR):
                if stream in names:
                    for at, line in self._outputs.read(key, stream):
                        self._put_output(key, stream, at, line)

    def _note_folder(self, key: str) -> None:
        """A newer folder of the same process: it replaced itself and left the older one."""
        parsed = layout.parse_folder_name(key)
        if parsed is None:
            return
        older = self._folders.get(parsed[:2])
        if older != key:
            self._folders[parsed[:2]] = key
            if older is not None:
                self._end(older)

    def _read_exits(self) -> None:
        """The supervisor saw processes end."""
        found, more = self._exits.read()
        for line in found:
            said = lines.parse(line) or {}
            key = self._folders.pop((said.get("pid", 0), said.get("start", 0)), None)
            if key is not None:
                self._end(key)
        if more:
            self._read_exits()

    def _check_leaving(self) -> None:
        self._checked = time.monotonic()
        for key, (pid, start) in list(self._leaving.items()):
            if not layout.is_alive(pid, start):
                self._folders.pop((pid, start), None)
                self._end(key)

    def _end(self, key: str) -> None:
        """Nothing more will be written to this folder: read its rest and forget it."""
        self._leaving.pop(key, None)
        self._changes.forget(key)
        self._merge.end(key)
        self._end_output(key)

    def _put_output(self, key: str, stream: str, written: int, line: bytes) -> None:
        when = min(written - self._epoch, time.monotonic_ns())  # the clock may have been set
        self._merge.put((when, key, line, stream))

    def _end_output(self, key: str) -> None:
        if self._outputs is not None:
            for stream, at, line in self._outputs.end(key):
                self._put_output(key, stream, at, line)

    def _tell(self, changed: Changed, watch: Callable[[set[str]], None]) -> None:
        paths = {
            f"{layout.PROCESSES}/{key}/{name}" if key else name
            for key, names in changed.items()
            for name in names
            if name not in (layout.RECORDS, layout.OUT, layout.ERR)
            and not name.endswith(".new")
        }
        if paths:
            watch(paths)

    # Reading as a queue.

    def get(self, block: bool = True, timeout: float | None = None) -> LogRecord | None:
        """The next record as a LogRecord; None when the stream is at its end.

        Raises:
            queue.Empty: there is none now, or none came within `timeout` seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self._ready:
            if self.done:
                return None
            left = None if until is None else max(0.0, until - time.monotonic())
            self._ready.extend(e for e in self.batch(left if block else 0) if not e[3])
            if not self._ready and not self.done and (not block or left == 0):
                raise queue.Empty
        _, key, line, _ = self._ready.popleft()
        return to_record(line, self.names.get(key))

    def get_nowait(self) -> LogRecord | None:
        """`get` without waiting."""
        return self.get(block=False)

    def put_nowait(self, item: None) -> None:
        """A QueueListener's way to say that it wants to stop; anything else is refused."""
        if item is not None:
            raise TypeError("records are written by processes, to their own files")
        self.finish()

    def put(self, item: None) -> None:
        """The same."""
        self.put_nowait(item)

    def qsize(self) -> int:
        """How many records were read and not yet handed out; more may be in the files."""
        return len(self._ready) + self._merge.held

    def empty(self) -> bool:
        """Whether `get_nowait` would find nothing."""
        if not self._ready:
            with contextlib.suppress(OSError):
                self._ready.extend(e for e in self.batch(0) if not e[3])
        return not self._ready

    def full(self) -> bool:
        """Never: files have room."""
        return False

    def task_done(self) -> None:
        """Nobody waits for what was read."""

    def join(self) -> None:
        """Return at once, for the same reason."""
