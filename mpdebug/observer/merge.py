"""Merges the growing record files of many processes into one stream in the order of time.

The problem. Every process appends lines to a file of its own. Readers want one stream, in
the order in which things happened, while the processes still run, and 80,000 lines a second
must not cost a core.

What does not work. Parsing each line: 5 µs each, where finding `mono` at its place costs 0.5.
Showing lines as they are found: the files are looked at one after the other, so 0.2% of the
lines come out up to 0.1 s late. Waiting until every file has something newer: an idle process
would hold back all others for ever.

The solution. Lines are held back for a short *window* (50 ms): a line that was stamped before
the window and is not in its file by now will hardly ever come. Where a file still has unread
data, nothing newer than its last line read (less the window) is released: however far a
reader is behind, and for a run that has ended, the order is exact. The sorting is left to
`list.sort`: what it is given are a few sorted rows one after the other, which it merges.

What remains. On a machine with hundreds of runnable processes one can stand still between
taking the time and writing the line for longer than the window. The window then grows with
the lateness seen. A line later than that comes out late, but it comes out.
"""

from __future__ import annotations

import bisect
import os
import re
import time
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING

from mpdebug.observer import marked
from mpdebug.rundir import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Entry = tuple[int, str, bytes, str]
"""(mono, key of the process, its line without the newline, "" for a record; "out", "err")."""

# Each number must be followed by something: it could be cut off like everything else.
HEAD = re.compile(
    rb'\{"time":([0-9]+\.[0-9]+),"mono":([0-9]+)(?=[,}])(?:,"n":([0-9]+)(?=[,}]))?'
)
MONO = itemgetter(0)

WINDOW_MOST = 500_000_000
"""The window (ns) grows no further than this."""

STOPPED = 2_000_000_000
"""A line this late comes from a process that was stopped (Ctrl-Z): no reason to wait longer."""

WINDOW_LAST = 250_000_000
"""When all is written, waiting costs no time but only memory."""

READ_LEAST, READ_MOST, READ_ALL = 1 << 14, 1 << 18, 1 << 22
"""Bytes read at once from one file, and from all together (a little more if they are many)."""


class Source:
    """One process's record file: what was read of it, and what its line numbers say."""

    __slots__ = ("ahead", "ending", "expected", "key", "last", "tail", "time")

    def __init__(self, key: str, path: str) -> None:
        self.key = key
        self.tail = lines.Tail(path)
        self.last = 0  # mono of the last line read
        self.time = b""  # its time
        self.ending = False  # its process is gone: forget it after the last line
        self.expected = 0  # the lowest n that did not come yet
        self.ahead: dict[int, tuple[int, bytes]] = {}  # higher ones that did: mono, time

    def count(self, n: int) -> None:
        """Take note of a line's number; threads may write theirs out of order."""
        if n > self.expected:
            self.ahead[n] = (self.last, self.time)
        elif n == 0:  # the file began anew
            self.ahead.clear()
            self.expected = 1
        elif n == self.expected:
            self.expected += 1
            self._advance()

    def missed(self, horizon: int | None) -> list[tuple[int, int, bytes]]:
        """The gaps (how many, mono, time) that no line will fill any more; each told once."""
        gaps = []
        while self.ahead:
            n = min(self.ahead)
            mono, when = self.ahead[n]
            if horizon is not None and mono >= horizon:
                break
            gaps.append((n - self.expected, mono, when))
            self.expected = n
            self._advance()
        return gaps

    def _advance(self) -> None:
        while self.ahead.pop(self.expected, None) is not None:
            self.expected += 1


class Merge:
    """The record files of a run as one stream of lines, read as bytes and in batches.

    Args:
        name_of: the name of a process by its key, for what is told about it.
        window: how long lines are held back, in seconds.
        clock: CLOCK_MONOTONIC in nanoseconds; a seam for tests.
    """

    def __init__(
        self,
        name_of: Callable[[str], str] = str,
        window: float = 0.05,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.sources: dict[str, Source] = {}
        self.window = int(window * 1e9)
        self._name_of = name_of
        self._clock = clock
        self._pending: list[Entry] = []  # sorted but for what the last reading appended
        self._released = 0  # nothing older is expected any more
        self._behind: set[str] = set()  # keys of files that may have unread data
        self._gapped: set[str] = set()  # keys of files in which numbers are missing

    def add(self, key: str, path: str) -> None:
        """Read this file too, from its beginning."""
        if key not in self.sources:
            self.sources[key] = Source(key, path)
            self._behind.add(key)

    def touch(self, key: str) -> None:
        """That file may have grown."""
        if key in self.sources:
            self._behind.add(key)

    def end(self, key: str) -> None:
        """The process is gone: read its file to the end, then forget it."""
        source = self.sources.get(key)
        if source is not None:
            source.ending = True
            self._behind.add(key)

    def put(self, entry: Entry) -> None:
        """Add a line that does not come from a record file."""
        self._pending.append(entry)

    @property
    def behind(self) -> bool:
        """Whether there is unread data: call `take` again at once."""
        return bool(self._behind)

    @property
    def held(self) -> int:
        """How many lines were read and are held back."""
        return len(self._pending)

    def due(self) -> float | None:
        """Seconds until a line that is held back can be released; None if there is none."""
        if not self._pending:
            return None
        return max(0.0, (self._pending[0][0] + self.window - self._clock()) / 1e9)

    def take(self, changed: Iterable[str] = (), *, last: bool = False) -> list[Entry]:
        """Read the files that changed and return the lines whose time has come, in order.

        Args:
            changed: keys of processes whose file may have grown.
            last: everything has been written, so hold nothing back. Name all files in the
                first call and repeat while `behind`.
        """
        expected = self._clock() - self.window  # before any file is read
        sources = self.sources
        self._behind.update(key for key in changed if key in sources)
        hold = max(self.window, WINDOW_LAST) if last else self.window
        self._read(hold, last)
        horizon = None if last else expected
        if self._behind:
            slowest = min(sources[key].last for key in self._behind) - hold
            horizon = slowest if horizon is None else min(horizon, slowest)
        for key in list(self._gapped):
            self._tell_gaps(sources[key], horizon)
        return self._release(horizon)

    def _release(self, horizon: int | None) -> list[Entry]:
        pending = self._pending
        pending.sort(key=MONO)
        if horizon is None:
            self._pending = []
            return pending
        end = bisect.bisect_left(pending, horizon, key=MONO)
        ready = pending[:end]
        del pending[:end]
        self._released = max(self._released, horizon)
        return ready

    def _read(self, hold: int, last: bool) -> None:
        """Read a batch of each file but of those that are ahead of what can be released.

        So what is held in memory is a batch of each file and a window's worth of lines, also
        where one file is a gigabyte behind the others.
        """
        if not self._behind:
            return
        slowest = min(self.sources[key].last for key in self._behind)
        most = min(READ_MOST, max(READ_LEAST, READ_ALL // len(self._behind)))
        for key in list(self._behind):
            source = self.sources[key]
            if source.last <= max(slowest, self._released) + hold:
                self._read_one(source, most, last)

    def _read_one(self, source: Source, most: int, last: bool) -> None:
        # A line longer than a batch is read on in large pieces.
        found, more = source.tail.read(lines.CHUNK if source.tail.rest else most)
        if found and not self._add_in_order(source, found):
            self._add_each(source, found)
        if not more:
            self._behind.discard(source.key)
            if last or source.ending:
                self._finish(source)

    def _add_in_order(self, source: Source, found: list[bytes]) -> bool:
        """Add whole lines of which none is missing, which is nearly always so.

        In steps of which none is a loop of ours: a third of the time. False: nothing was added.
        """
        heads = list(map(HEAD.match, found))
        if source.ahead or not all(heads) or not marked.all_whole(found):
            return False
        times, monos, numbers = zip(*[head.groups() for head in heads if head], strict=True)
        end = source.expected + len(found)
        if None in numbers or [*map(int, numbers)] != [*range(source.expected, end)]:
            return False
        stamps = [*map(int, monos)]
        source.time, source.last, source.expected = times[-1], stamps[-1], end
        self._pending.extend(zip(stamps, repeat(source.key), found, repeat("")))
        self._note_late(min(stamps))
        return True

    def _add_each(self, source: Source, found: list[bytes]) -> None:
        """Add lines of which some are damaged, or out of order, or missing."""
        whole = marked.all_whole(found)
        oldest = self._released
        for line in found:
            head = HEAD.match(line)
            if head is None or not (whole or marked.is_whole(line)):
                self._damaged(source, line)
                continue
            source.time, mono, n = head.groups()
            source.last = int(mono)
            oldest = min(oldest, source.last)
            if n is not None:
                source.count(int(n))
            self._pending.append((source.last, source.key, line, ""))
        if source.ahead:
            self._gapped.add(source.key)
        self._note_late(oldest)

    def _damaged(self, source: Source, line: bytes) -> None:
        """A line that is not a whole record keeps its place, and its number if it has one."""
        head = HEAD.match(line)
        if head is None:
            source.time = source.time or _changed(source.tail.path)
            told = marked.unreadable(line, source.time, source.last)
        else:
            source.time, source.last = head[1], int(head[2])
            told = marked.torn(line, head[1], source.last, head[3])
            if head[3] is not None:
                source.count(int(head[3]))
        self._pending.append((source.last, source.key, told, ""))

    def _note_late(self, oldest: int) -> None:
        """A line of that time came later than the window allows: the machine is overloaded."""
        late = self._released - oldest
        if 0 < late < STOPPED:
            self.window = max(self.window, min(WINDOW_MOST, self.window + late))

    def _tell_gaps(self, source: Source, horizon: int | None) -> None:
        for count, mono, when in source.missed(horizon):
            line = marked.missing(count, self._name_of(source.key), when, mono)
            self._pending.append((mono - 1, source.key, line, ""))
        if not source.ahead:
            self._gapped.discard(source.key)

    def _finish(self, source: Source) -> None:
        """The file was read to its end, and nothing will be added to it."""
        rest, source.tail.rest = source.tail.rest, b""
        if rest:
            head = HEAD.match(rest)
            if head is not None and marked.is_whole(rest):  # all of it but the newline
                self._pending.append((int(head[2]), source.key, rest, ""))
            else:
                self._damaged(source, rest)
        self._tell_gaps(source, None)
        if source.ending:
            del self.sources[source.key]


def _changed(path: str) -> bytes:
    """When a file was last written to: the time of what stands in it without a time."""
    try:
        return b"%017.6f" % os.stat(path).st_mtime
    except OSError:
        return b"%017.6f" % time.time()
