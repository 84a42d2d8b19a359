"""What processes share as rows: things that are alike are one row with a count."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mpdebug.diagnosis.stops import fold_names
from mpdebug.model_shared import (
    ARENA,
    MANAGER,
    PIPE,
    SEMAPHORE,
    SOCKETS,
    STREAMS,
    SharedRow,
    SharedTable,
)

if TYPE_CHECKING:
    from mpdebug.model import Descriptor
    from mpdebug.model_shared import AllShared, Holder, Shared

PLAIN = (PIPE, SOCKETS)
NAMELESS = (ARENA, SEMAPHORE, PIPE, SOCKETS)
"""Their names say nothing to a person."""
SERVING = ("resource tracker", "forkserver", "manager")
"""Roles of processes that run nothing of the program's: "everybody" is without them."""
CROWD = 3
"""From so many on, all are "everybody"."""


def table(found: AllShared, *, everything: bool = False) -> SharedTable:
    """All rows.

    Args:
        found: what was found.
        everything: also the pipes and socket pairs that nobody made by a call that is watched:
            multiprocessing has two for each process, to see its end and to be seen.
    """
    groups: dict[tuple[object, ...], list[Shared]] = {}
    left_out = 0
    everything = everything or not found.run.path  # of no run: nobody noted who made what
    all_pids = {one.pid for one in found.run.processes if one.alive and one.role not in SERVING}
    for one in found.things:
        if one.kind in PLAIN and one.label is None and not everything:
            left_out += one.note != STREAMS
            if one.note != STREAMS:
                continue
        where = one.label.where if one.label else "" if one.kind in NAMELESS else one.name
        key = (one.kind, what(one), where, who(one, all_pids), one.left_over, one.note)
        groups.setdefault(key, []).append(one)
    rows = tuple(_row(alike, all_pids) for alike in groups.values())
    return SharedTable(found, rows, left_out)


def _row(alike: list[Shared], all_pids: set[int]) -> SharedRow:
    first = alike[0]
    sizes = [one.size for one in alike if one.size >= 0]
    return SharedRow(
        kind=first.kind,
        what=_whats(alike),
        things=tuple(alike),
        who=who(first, all_pids),
        size=sum(sizes) if sizes else -1,
        where=first.label.where if first.label else "",
        maker=first.label.maker.name if first.label else "",
    )


def what(one: Shared) -> str:
    """What the program called to make it: `Queue`; empty where nobody told."""
    label = one.label
    if label is None:
        return one.note if one.note == STREAMS else ""
    return label.lock if one.kind == MANAGER else label.call or label.lock


def _whats(alike: list[Shared]) -> str:
    """With the locks in it: `Queue: Lock ×2, BoundedSemaphore`."""
    said = what(alike[0])
    locks = Counter(one.label.lock for one in alike if one.label and one.kind == SEMAPHORE)
    if not locks or locks == {said: 1}:
        return said
    if len(locks) == 1 and said in locks:
        return f"{said} ×{len(alike)}"
    texts = (f"{lock} ×{count}" if count > 1 else lock for lock, count in locks.items())
    return f"{said}: {', '.join(texts)}"


def peers(one: Descriptor) -> str:
    """`MainProcess (writes); Worker-1..4 (reads)`: the other end of a pipe first."""
    ends: dict[str, list[str]] = {}
    for name, end in one.others:
        ends.setdefault(end, []).append(name)
    return "; ".join(
        fold_names(ends[end]) + (f" ({end})" if end else "")
        for end in sorted(ends, key=lambda end: end == one.end)
    )


def who(one: Shared, all_pids: set[int]) -> str:
    """`maps: MainProcess, Worker-1..4; open: Worker-5`."""
    kinds: dict[str, list[Holder]] = {}
    for holder in one.holders:
        kinds.setdefault(holder.how, []).append(holder)
    parts = []
    for how, holders in kinds.items():
        names = fold_names(holder.name for holder in holders)
        if len(all_pids) >= CROWD and all_pids <= {holder.pid for holder in holders}:
            names = "everybody"
        parts.append(f"{how}: {names}")
    return "; ".join(parts)
