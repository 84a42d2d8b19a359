"""Work that is lost without anybody's waiting: updates, copies, random numbers, descriptors.

Each trouble is one function: a run in, findings out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis import children, managers, places, segments
from mpdebug.diagnosis.relations import Relations
from mpdebug.diagnosis.stops import fold_names
from mpdebug.model_waits import PROVED, SUSPECTED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mpdebug.model import Note, Process, Run

READ_WRITE, COPY_CHANGED, RANDOM = "read write", "copy changed", "random"
DESCRIPTORS = "descriptors"
FOR_EVER = 1 << 62
SEVERAL = 2
OWNER = re.compile(r"[A-Za-z_][\w.]*(?=\.value\b|\[)")
"""What is written before `.value` or `[`."""

FINISHED = "sentinels of finished Process objects"

Told = tuple["Process", "Note"]


def findings(run: Run) -> list[Finding]:
    """All of this module's, of `segments`, `managers` and `children`, in the order of time."""
    people = Relations(run)
    found = [
        *lost_updates(run, people),
        *changed_copies(run, people),
        *same_random_numbers(run, people),
        *used_up_descriptors(run, people),
        *segments.findings(run, people),
        *managers.findings(run, people),
        *children.terminated_daemons(run, people),
        *children.zombies(run, people),
    ]
    return sorted(found, key=lambda one: one.mono)


def lost_updates(run: Run, people: Relations) -> Iterator[Finding]:
    """lost-update: `v.value += 1` reads, and then writes, each locked on its own.

    Between the two another process may write, and its update is lost. Suspected where several
    processes do it, at the same time and with no lock of multiprocessing in hand: something
    else may keep them apart.
    """
    groups: defaultdict[str, list[Told]] = defaultdict(list)
    for process, note in _notes(run, READ_WRITE):
        groups[str(note.said.get("thing"))].append((process, note))
    for thing, told in groups.items():
        together = _together(told)
        if len({process.key for process, _ in together}) < SEVERAL:
            continue
        note = together[0][1]
        place, source = _place(note, people), str(note.said.get("source") or "")
        what = str(note.said.get("what"))
        remote = thing.startswith("proxy:")
        lock = "make lock = manager.Lock() and hand it to all of them; with lock:"
        owner = OWNER.search(source)
        own = f"with {owner[0] if owner else 'v'}.get_lock():"
        yield Finding(
            kind="lost-update",
            certainty=SUSPECTED,
            title=f"{place}: {source or what} is a read and a write, and {_who(together)} do "
            "it with nothing locked: updates get lost",
            processes=_keys(together),
            things=(thing,),
            evidence=(
                ("what", f"{what}{note.said.get('name', '')}"),
                *_sites(together, people),
                ("so", "another process may write between the read and the write"),
            ),
            cure=f"hold one lock over the whole line: {lock if remote else own}",
            settle="where something else keeps the processes apart (a file lock, turns that "
            "they take), nothing is lost",
            mono=note.mono,
            standing=False,
        )


def changed_copies(run: Run, people: Relations) -> Iterator[Finding]:
    """copy-changed: `d["xs"].append(1)` changes a copy, and the manager's object stays.

    What a proxy returns was pickled: it is the process's own, and thrown away here at once.
    """
    groups: defaultdict[str, list[Told]] = defaultdict(list)
    for process, note in _notes(run, COPY_CHANGED):
        if note.said.get("change"):
            groups[str(note.said.get("where"))].append((process, note))
    for told in groups.values():
        note = told[0][1]
        kind = note.said.get("type")
        how = f"the proxy returned a copy of a {kind}, {note.said['change']} changed it"
        yield Finding(
            kind="copy-changed",
            certainty=PROVED,
            title=f"{_place(note, people)}: {note.said.get('source')} changes a copy: the "
            f"{kind} in the manager stays as it was",
            processes=_keys(told),
            evidence=(
                ("by", _who(told)),
                ("how", f"{how}, and nobody keeps it"),
            ),
            cure='put it back: xs = d["xs"]; change xs; d["xs"] = xs; or let the inner one '
            'live in the manager too: d["xs"] = manager.list()',
            mono=note.mono,
            standing=False,
        )


def same_random_numbers(run: Run, people: Relations) -> Iterator[Finding]:
    """same-random-numbers: a generator made before the fork goes on alike in each child.

    That they drew from one state is certain; where the generator was given a seed it may be
    what the program wants.
    """
    groups: defaultdict[tuple[object, ...], list[Told]] = defaultdict(list)
    for process, note in _notes(run, RANDOM):
        said = note.said
        groups[said.get("what"), said.get("made"), said.get("state")].append((process, note))
    for told in groups.values():
        if len(_keys(told)) < SEVERAL:
            continue
        note = told[0][1]
        numpy = note.said.get("what") == "numpy.random"
        made = places.short_place(str(note.said.get("made") or ""), people.cwd)
        seeded = bool(note.said.get("seeded")) or numpy
        what = "numpy's global generator" if numpy else f"the generator made at {made}"
        again = "numpy.random.seed()" if numpy else "seed()"
        yield Finding(
            kind="same-random-numbers",
            certainty=SUSPECTED if seeded else PROVED,
            title=f"{_who(told)} draw the same random numbers: {what} was there before the "
            "fork, and each goes on from the same state",
            processes=_keys(told),
            evidence=(("drawn at", _place(note, people)),),
            cure=f"give each process a seed of its own: call {again} as its work begins, or "
            "make the generator in the child",
            settle="where all of them should draw the same, nothing is wrong" if seeded else "",
            mono=note.mono,
            standing=False,
        )


def used_up_descriptors(run: Run, people: Relations) -> Iterator[Finding]:
    """descriptors-used-up: nothing can be opened, no process started; what has them all."""
    for process in run.processes:
        note = next((one for one in process.notes if one.kind == DESCRIPTORS), None)
        if note is None:
            continue
        kinds, limit = note.said.get("kinds"), note.said.get("limit")
        rows = list(kinds.items()) if isinstance(kinds, dict) else []
        most = f": {rows[0][1]} are {rows[0][0]}" if rows else ""
        finished = bool(rows) and rows[0][0] == FINISHED
        yield Finding(
            kind="descriptors-used-up",
            certainty=PROVED,
            title=f"{process.name} (pid {process.pid}) has used up its {limit} descriptors at "
            f"{_place(note, people)}{most}",
            processes=(process.key,),
            evidence=tuple(("open", f"{count} {kind}") for kind, count in rows),
            cure="call close() of a Process that has ended, or keep no list of them"
            if finished
            else "close what is not needed any more; the limit is raised by ulimit -n",
            mono=note.mono,
            standing=False,
        )


def _notes(run: Run, kind: str) -> Iterator[Told]:
    for process in run.processes:
        for note in process.notes:
            if note.kind == kind:
                yield process, note


def _together(told: list[Told]) -> list[Told]:
    """Those that could meet: from its first time until its end each, as far as is known.

    What the parent did before a child was born, it did alone.
    """
    return [
        one
        for one in told
        if any(_meet(one, other) and _meet(other, one) for other in told if other is not one)
    ]


def _meet(one: Told, other: Told) -> bool:
    (process, note), (second, _) = one, other
    if process.key == second.key or note.mono > _end(second):
        return False
    return second.parent != process.key or note.mono >= second.mono


def _end(process: Process) -> int:
    return process.ended.mono if process.ended is not None else FOR_EVER


def _who(told: Iterable[Told]) -> str:
    return fold_names({process.key: process.name for process, _ in told}.values())


def _keys(told: Iterable[Told]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(process.key for process, _ in told))


def _place(note: Note, people: Relations) -> str:
    return places.short_place(str(note.said.get("where") or ""), people.cwd)


def _sites(told: Iterable[Told], people: Relations) -> Iterator[tuple[str, str]]:
    """Each line once, with who did it there."""
    rows: defaultdict[str, list[Told]] = defaultdict(list)
    for process, note in told:
        rows[_place(note, people)].append((process, note))
    for place, those in rows.items():
        yield "at", f"{place} in {those[0][1].said.get('function')}: {_who(those)}"
