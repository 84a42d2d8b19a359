"""The tree of a run as rows: each process below who started it, in a chosen order, folded.

It is the logical tree: a forkserver's child stands below the process that asked for it.
Processes that have ended stay; where many of one parent ended alike, and well, they are one
row.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mpdebug.diagnosis.states import state
from mpdebug.diagnosis.stops import fold_names
from mpdebug.model import Process, TreeRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mpdebug.model import Death, Run, Sample

FEW = 3
"""So many processes that ended alike are shown one by one."""

SORTS = ("age", "cpu", "memory", "name", "pid")

NUMBERS = re.compile(r"([0-9]+)")
BRANCH, LAST, BAR, BLANK = "├─", "└─", "│ ", "  "


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the processes of a run, by key."""

    samples: Mapping[str, Sample]
    deaths: Mapping[str, Death]
    records: Mapping[str, dict[str, Any]]


def rows(
    run: Run,
    seen: Seen,
    *,
    sort: str = "age",
    memory: str = "rss",
    unfolded: bool = False,
    closed: Collection[str] = (),
) -> tuple[TreeRow, ...]:
    """The rows of the tree from top to bottom.

    Args:
        run: the run.
        seen: samples, deaths and last records.
        sort: the order of processes with one parent: one of SORTS; the most costly, and the
            oldest, come first.
        memory: the kind that `sort="memory"` means.
        unfolded: show those that ended well one by one.
        closed: keys of processes whose children are not shown.
    """
    return _Rows(run, seen, sort, memory, unfolded=unfolded, closed=closed).make()


class _Rows:
    """One tree in the making."""

    def __init__(
        self,
        run: Run,
        seen: Seen,
        sort: str,
        memory: str,
        *,
        unfolded: bool,
        closed: Collection[str],
    ) -> None:
        self.seen = seen
        self.cwd = run.cwd
        self.closed = closed
        self.unfolded = unfolded
        self.names = {one.pid: one.name for one in run.processes if one.alive}
        self.children = family(run.processes)
        self.order = order(sort, memory, seen.samples)
        self.found: list[TreeRow] = []

    def make(self) -> tuple[TreeRow, ...]:
        left = [(0, "", "", row) for row in reversed(self.siblings(""))]
        while left:
            depth, above, twig, row = left.pop()
            key = row.process.key
            below = [] if row.count > 1 else self.siblings(key)
            if below and key in self.closed:
                row = dataclasses.replace(row, hidden=self.size(key) - 1)
                below = []
            self.found.append(dataclasses.replace(row, depth=depth, guide=above + twig))
            inner = above + (BAR if twig == BRANCH else BLANK) if depth else ""
            twigs = [BRANCH] * (len(below) - 1) + [LAST] * bool(below)
            pairs = zip(twigs, below, strict=True)
            left += [(depth + 1, inner, twig, one) for twig, one in reversed([*pairs])]
        return tuple(self.found)

    def siblings(self, parent: str) -> list[TreeRow]:
        """The rows right below a process, in their order; those that ended alike at the end."""
        made = [self.row(one) for one in self.children.get(parent, ())]
        made.sort(key=self.order)
        if self.unfolded:
            return made
        alike: defaultdict[str, list[TreeRow]] = defaultdict(list)
        for row in made:
            if row.state.kind == "ended" and row.process.key not in self.children:
                alike[row.state.text].append(row)
        folded = {text: rows for text, rows in alike.items() if len(rows) > FEW}
        gone = {row.process.key for rows in folded.values() for row in rows}
        shown = [row for row in made if row.process.key not in gone]
        return shown + [_fold(rows) for rows in folded.values()]

    def row(self, one: Process) -> TreeRow:
        key = one.key
        sample = self.seen.samples.get(key)
        return TreeRow(
            process=one,
            state=state(one, sample, self.seen.deaths.get(key), self.names, self.cwd),
            name=one.name,
            sample=sample,
            children=sum(child.alive for child in self.children.get(key, ())),
            record=self.seen.records.get(key),
        )

    def size(self, key: str) -> int:
        """How many processes stand below this one, itself counted."""
        count, left = 0, [key]
        while left:
            count += 1
            left += [child.key for child in self.children.get(left.pop(), ())]
        return count


def _fold(rows: Sequence[TreeRow]) -> TreeRow:
    """Several that ended alike as one row, which stands for the first of them."""
    names = fold_names(row.name for row in rows)
    return dataclasses.replace(rows[0], name=names, count=len(rows), record=None)


def family(processes: Sequence[Process]) -> dict[str, list[Process]]:
    """The children of each process by its key; those of nobody that is known by ""."""
    parents = {one.key: one.parent for one in processes}
    children: defaultdict[str, list[Process]] = defaultdict(list)
    for one in processes:
        above = one.parent if one.parent in parents and not _is_ring(one, parents) else ""
        children[above].append(one)
    return dict(children)


def _is_ring(one: Process, parents: Mapping[str, str]) -> bool:
    """Whether a process stands below itself, as damaged folders may tell."""
    seen, above = {one.key}, one.parent
    while above in parents:
        if above == one.key:
            return True
        if above in seen:  # a ring further up: broken there
            return False
        seen.add(above)
        above = parents[above]
    return False


def order(
    sort: str, memory: str, samples: Mapping[str, Sample]
) -> Callable[[TreeRow], tuple[Any, ...]]:
    """The key to sort processes of one parent by; those that have ended come last."""

    def cost(row: TreeRow) -> float:
        sample = samples.get(row.process.key)
        if sample is None:
            return 0.0
        return -(sample.cpu or 0.0) if sort == "cpu" else -float(getattr(sample, memory))

    def key(row: TreeRow) -> tuple[Any, ...]:
        one = row.process
        last = (one.mono, one.key)
        if sort == "name":
            return (natural(row.name), *last)
        if sort == "pid":
            return (one.pid, *last)
        if sort in ("cpu", "memory"):
            return (not one.alive, cost(row), *last)
        return last

    return key


def natural(name: str) -> tuple[str | int, ...]:
    """A key by which `Worker-2` comes before `Worker-10`: text and numbers in turns."""
    parts = NUMBERS.split(name)
    return tuple(int(part[:18]) if at % 2 else part for at, part in enumerate(parts))
