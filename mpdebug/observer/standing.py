"""Which processes stand still: the cheap question before the dear one, who waits for whom.

A thread that does not run has the same `schedstat` as before, 15 µs to read. Who stands is told
once; when it has moved it may be told again. The gate looks as often as one hundredth of a
core allows, and less often when everything has stood for long.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mpdebug.observer import threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mpdebug.model import Process

SHORTEST, LONGEST = 0.5, 4.0
"""Seconds between two looks."""

SHARE = 0.008
"""Of a core, for the looks."""

PICTURES = 0.02
"""Of a core, for the pictures that are taken because of what the gate tells."""

LONG = 10
"""Looks after which those that stand still are looked at more cheaply."""

DEEP = 5
"""Then every fifth look is at all threads, and the others at main threads."""

Signs = dict[int, bytes]
"""Thread → what changes whenever it runs."""


@dataclass
class Known:
    """One process, from look to look."""

    signs: Signs
    looks: int = 0  # in which it has not moved
    told: bool = False


class Gate:
    """Tells which processes have come to a stand.

    Args:
        read: tells the signs of a process; of its main thread alone where that is asked.
    """

    def __init__(self, read: Callable[..., Signs] | None = None) -> None:
        self._read = read or signs_of
        self._known: dict[str, Known] = {}
        self._round = 0
        self._free_at = 0.0  # when the next picture may be taken
        self._cost = 0.0
        self.period = SHORTEST
        """Seconds until the next look is due."""

    @property
    def standing(self) -> frozenset[str]:
        """Keys of all that did not move between the last two looks."""
        return frozenset(key for key, one in self._known.items() if one.looks)

    def look(self, processes: Iterable[Process], now: float) -> frozenset[str]:
        """Keys of those that have newly come to a stand; empty while a picture is too dear.

        Args:
            processes: of a run; those at a breakpoint are left out, they may stand.
            now: seconds of a clock that does not go back.
        """
        began = time.thread_time()
        self._round += 1
        calm = bool(self._known) and all(one.looks >= LONG for one in self._known.values())
        deep = not calm or self._round % DEEP == 0
        there = {one.key: one for one in processes if one.alive and not one.stops}
        for key in self._known.keys() - there.keys():
            del self._known[key]
        for key, one in there.items():
            self._look_at(key, one.pid, deep=deep)
        if deep:
            cost = time.thread_time() - began
            self._cost = cost if not self._cost else (self._cost + cost) / 2
        period = max(SHORTEST, self._cost / SHARE) * (2 if calm else 1)
        self.period = min(period, LONGEST)
        return self._newly() if now >= self._free_at else frozenset()

    def _look_at(self, key: str, pid: int, *, deep: bool) -> None:
        signs = self._read(pid, main_only=not deep)
        known = self._known.get(key)
        before = known.signs if known is not None else {}
        same = signs == before if deep else signs.items() <= before.items()
        if known is not None and signs and same:
            known.looks += 1
        else:
            self._known[key] = Known(signs if deep else {})

    def _newly(self) -> frozenset[str]:
        found = {key for key, one in self._known.items() if one.looks and not one.told}
        for key in found:
            self._known[key].told = True
        return frozenset(found)

    def spent(self, seconds: float, now: float) -> None:
        """A picture was taken for what was told: it is some time until the next may be.

        Args:
            seconds: of processor time that it took.
            now: as in `look`.
        """
        self._free_at = now + seconds / PICTURES

    def tell_again(self, keys: Iterable[str]) -> None:
        """These are to be told again: the picture could not be taken, or was of no use."""
        for key in keys:
            if key in self._known:
                self._known[key].told = False


def signs_of(pid: int, *, main_only: bool = False) -> Signs:
    """What changes whenever a thread of this process runs; empty if it is gone."""
    try:
        tids = [str(pid)] if main_only else os.listdir(f"/proc/{pid}/task")
        return {int(tid): _sign(pid, tid) for tid in tids}
    except OSError:  # it has ended, or one of its threads just has
        return {}


def _sign(pid: int, tid: str) -> bytes:
    try:
        return threads.read(f"/proc/{pid}/task/{tid}/schedstat")
    except FileNotFoundError:  # the kernel keeps none
        status = threads.read(f"/proc/{pid}/task/{tid}/status", 1 << 13)
        return status[status.index(b"voluntary_ctxt") :]
