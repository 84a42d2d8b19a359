"""Equal stops of many processes are one row, with what differs between them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from mpdebug.model import Differing, StopRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mpdebug.model import Stop

NUMBERED = re.compile(r"(.*?)(\d{1,9})\Z", re.DOTALL)
MISSING = "(none)"
"""Stands for a local that a process does not have there."""


def rows(stops: Iterable[Stop]) -> list[StopRow]:
    """The board: equal stops together, in the order in which the first of each stopped."""
    kinds: defaultdict[tuple[object, ...], list[Stop]] = defaultdict(list)
    for stop in sorted(stops, key=lambda one: (one.mono, one.process, one.n)):
        kinds[signature(stop)].append(stop)
    return [
        StopRow(tuple(equal), fold_names(map(label, equal)), differing(equal))
        for equal in kinds.values()
    ]


def signature(stop: Stop) -> tuple[object, ...]:
    """What is the same in equal stops: the place, why, and the type of the exception."""
    return stop.file, stop.line, stop.function, stop.kind, stop.exception


def label(stop: Stop) -> str:
    """`Worker-3`, and the thread where that is not the main one."""
    name = stop.name or f"pid {stop.pid}"
    return name if stop.main_thread or not stop.thread else f"{name} {stop.thread}"


def fold_names(names: Iterable[str]) -> str:
    """`Worker-1..3, Worker-7, app.py ×2`: neighbours in number as a range."""
    counts = Counter(names)
    families: dict[str, list[int]] = {}
    parts: list[tuple[str, list[str]]] = []
    for name, count in counts.items():
        found = NUMBERED.match(name)
        number = found[2] if found else ""
        if found and count == 1 and number == str(int(number)):
            if found[1] not in families:
                families[found[1]] = []
                parts.append((found[1], []))
            families[found[1]].append(int(number))
        else:
            parts.append(("", [name if count == 1 else f"{name} ×{count}"]))
    return ", ".join(
        text
        for family, plain in parts
        for text in (plain or _ranges(family, sorted(families[family])))
    )


def _ranges(family: str, numbers: Sequence[int]) -> list[str]:
    """`W-1..3`, `W-7` of 1, 2, 3, 7; two neighbours stay two."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    texts = []
    for row in found:
        if len(row) > 2:  # noqa: PLR2004
            texts.append(f"{family}{row[0]}..{row[-1]}")
        else:
            texts += [f"{family}{number}" for number in row]
    return texts


def differing(stops: Sequence[Stop]) -> tuple[Differing, ...]:
    """The locals that are not the same in all these stops, in the order of the first's."""
    names = dict.fromkeys(name for stop in stops for name in stop.locals)
    found = []
    for name in names:
        values: defaultdict[str, list[str]] = defaultdict(list)
        for stop in stops:
            values[stop.locals.get(name, MISSING)].append(label(stop))
        if len(values) > 1:
            order = sorted(values.items(), key=lambda one: -len(one[1]))
            found.append(Differing(name, tuple((text, tuple(who)) for text, who in order)))
    return tuple(found)
