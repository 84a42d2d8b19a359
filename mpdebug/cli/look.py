"""Looking at a run again and again: its folder and what psutil sees, as one tree.

Also `mpdebug.tree()`, for programs and for prompts.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.diagnosis import tree as layers
from mpdebug.diagnosis.deaths import explain_one
from mpdebug.diagnosis.relations import Relations
from mpdebug.model import Tree
from mpdebug.observer.find import find_run
from mpdebug.observer.last_records import LastRecords
from mpdebug.observer.outside import OutsideReader
from mpdebug.observer.run import RunReader
from mpdebug.observer.sampling import Sampler
from mpdebug.settings import VARIABLE, Settings

if TYPE_CHECKING:
    from collections.abc import Collection

    from mpdebug.model import Death, Process, Run

APART = 0.2
"""Seconds between two looks, where a share of the processor is to be told at once."""

TEXT_WIDTH = 120


class Look:
    """One run, or a process that is in none, and what it costs to look at it again.

    Args:
        which: RUN or PID as typed; None: the newest living run, else the newest kept.
        memory: rss, uss or pss.

    Raises:
        MpdebugError: there is no such run or process, or the run cannot be read.
    """

    def __init__(self, which: str | None, memory: str = "rss") -> None:
        self.reader = open_reader(which)
        self.memory = memory
        self._sampler = Sampler(memory)
        self._records = LastRecords()
        self._deaths: dict[str, tuple[Process, Death | None]] = {}
        self.run: Run | None = None
        self.seen = layers.Seen({}, {}, {})

    def look(self, *, descriptors: bool = False) -> Run:
        """Read what changed, and take a sample of everything that lives."""
        self.run = run = self.reader.refresh()
        self.seen = layers.Seen(
            self._sampler.sample(run.processes, descriptors=descriptors),
            self._explain(run),
            self._records.read(run.processes),
        )
        return run

    def tree(
        self, *, sort: str = "age", unfolded: bool = False, closed: Collection[str] = ()
    ) -> Tree:
        """What was looked at last, as rows."""
        run = self.run or self.look()
        rows = layers.rows(
            run, self.seen, sort=sort, memory=self.memory, unfolded=unfolded, closed=closed
        )
        samples = tuple(self.seen.samples.values())
        return Tree(run, rows, time.monotonic_ns(), time.time(), self.memory, samples)

    def _explain(self, run: Run) -> dict[str, Death]:
        """The deaths by key; what did not change is not explained again."""
        people: Relations | None = None
        found = {}
        for one in run.processes:
            if one.alive:
                continue
            known = self._deaths.get(one.key)
            if known is None or known[0] is not one:
                people = people or Relations(run)
                known = self._deaths[one.key] = (one, explain_one(one, people))
            if known[1] is not None:
                found[one.key] = known[1]
        return found


def open_reader(which: str | None) -> RunReader | OutsideReader:
    """What reads the run, or the process outside of any run, that is meant."""
    try:
        return RunReader(find_run(which, now=True), scan=True)
    except errors.NoSuchRunError:
        if which is None or not which.isdigit():
            raise
        try:
            return OutsideReader(int(which))
        except errors.NoSuchRunError:
            pass
        raise


def look_twice(which: str | None, memory: str) -> Look:
    """A look that also tells the share of the processor of the last moment."""
    look = Look(which, memory)
    if look.look(descriptors=True).alive:
        time.sleep(APART)
        look.look(descriptors=True)
    return look


def tree(
    run: str | int | None = None,
    *,
    all: bool = False,  # noqa: A002 - as the option of the command is called
    sort: str = "age",
    memory: str = "rss",
    width: int = TEXT_WIDTH,
) -> str:
    """The tree of a run as text: what every process is doing, and at what cost.

    It takes 0.2 s, in which the processor time is measured, and loads psutil and rich.

    Args:
        run: an id, a path, `last`, or the pid of any process. None: the run of this process;
            in a process that is not observed, this process and all below it.
        all: show those that ended well one by one.
        sort: order of processes with one parent: age, cpu, memory, name or pid.
        memory: which is shown: rss, uss or pss.
        width: columns of the text.

    Raises:
        MpdebugError: there is no such run or process, or it cannot be read.
        ValueError: there is no such order or memory.
    """
    if sort not in layers.SORTS or memory not in ("rss", "uss", "pss"):
        raise ValueError(f"no such order or memory: {sort!r}, {memory!r}")
    from mpdebug.views.tree import as_text  # noqa: PLC0415 - rich, where something is drawn

    which = own_run() if run is None else str(run)
    found = look_twice(which, memory).tree(sort=sort, unfolded=all)
    return as_text(found, width)


def own_run() -> str:
    """The run of this process, or its pid where it is in none."""
    settings = Settings.from_env(os.environ.get(VARIABLE, ""))
    return settings.run if settings is not None else str(os.getpid())
