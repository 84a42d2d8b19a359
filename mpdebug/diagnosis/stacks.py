"""Equal stacks of many threads as one, in a tree that has what they share once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places, steps
from mpdebug.diagnosis.stops import fold_names
from mpdebug.model import Differing
from mpdebug.model_stacks import StackNode, StackTree, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mpdebug.model_stacks import ProcessStacks, ThreadStack

IDLE, STUCK, MOVES, STOPPED, WAITS = "idle", "stuck", "moves", "stopped", "waits"

OUR_DOING = 8
"""So many times at most a waiting thread is woken by being asked once."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thread, as it is put into the tree."""

    who: str
    steps: tuple[Step, ...]
    state: str
    kind: str
    locals: dict[str, str]


def fold(
    rounds: Sequence[Sequence[ProcessStacks]], *, cwd: str = "", all_threads: bool = False
) -> StackTree:
    """The tree of all stacks.

    Args:
        rounds: one sample, or several, each of the same processes in the same order.
        cwd: of the run.
        all_threads: also those that libraries keep for themselves and that wait.
    """
    told: list[Told] = []
    helpers = 0
    for samples in zip(*rounds, strict=True):
        for threads in _by_thread(samples):
            if not all_threads and all(steps.is_helper(one.frames) for one in threads):
                helpers += 1
                continue
            told.append(_told(samples, threads, cwd))
    newest = [_best(samples) for samples in zip(*rounds, strict=True)]
    silent: defaultdict[str, list[str]] = defaultdict(list)
    for one in newest:
        if not one.threads:
            more = f"; {one.waits}" if one.waits and one.waits not in one.why else ""
            silent[one.why + more].append(one.process.name)
    return StackTree(
        _nodes(told),
        asked=len(newest),
        answered=sum(bool(one.threads) for one in newest),
        helpers=helpers,
        silent=tuple((why, fold_names(who)) for why, who in silent.items()),
        samples=len(rounds),
    )


def _best(samples: Sequence[ProcessStacks]) -> ProcessStacks:
    """The last sample that has stacks, else the last."""
    return next((one for one in reversed(samples) if one.threads), samples[-1])


def _by_thread(samples: Sequence[ProcessStacks]) -> list[list[ThreadStack]]:
    """What each thread of a process did in each sample in which it was seen."""
    found: defaultdict[int, list[ThreadStack]] = defaultdict(list)
    for sample in samples:
        for thread in sample.threads:
            found[thread.ident].append(thread)
    last = _best(samples).threads
    return [found[thread.ident] for thread in last]


def _told(samples: Sequence[ProcessStacks], threads: list[ThreadStack], cwd: str) -> Told:
    newest = _best(samples)
    process, thread = newest.process, threads[-1]
    stop = next(
        (one for one in reversed(process.stops) if one.main_thread == thread.main), None
    )
    each = [steps.steps(one.frames, stopped=bool(process.stops)) for one in threads]
    who = process.name
    if not thread.main:
        at = [one.ident for one in newest.threads].index(thread.ident)
        who = f"{who} {thread.name or f'thread-{at}'}"
    state, kind = _state(samples, threads)
    if stop is not None:
        place = places.short_place(f"{stop.file}:{stop.line}", cwd)
        state, kind = f"stopped at {place}", STOPPED
    merged = _merge(each) if kind == MOVES else each[-1]
    return Told(who, merged, state, kind, own_locals(thread))


def _state(samples: Sequence[ProcessStacks], threads: list[ThreadStack]) -> tuple[str, str]:
    """What is said of a thread, and which kind of state that is."""
    if all(steps.idle(one.frames) for one in threads):
        return steps.idle(threads[-1].frames), IDLE
    main = threads[-1].main
    waits = _best(samples).waits if main else ""
    if len(threads) == 1:
        return waits, WAITS if waits else ""
    seen = len({one.frames for one in threads})
    if seen > 1:
        return f"moves: {seen} places in {len(threads)} samples", MOVES
    if main and (not waits or _wakes(samples)):
        return f"runs: the same line in all {len(threads)} samples", MOVES
    more = f", {waits}" if waits else ""
    return f"stuck: the same in all {len(threads)} samples{more}", STUCK


def _wakes(samples: Sequence[ProcessStacks]) -> bool:
    """Whether its main thread was woken more often than by being asked."""
    told = [one.switches for one in samples if one.threads]
    return told[-1] - told[0] > OUR_DOING * (len(told) - 1)


def _merge(each: list[tuple[Step, ...]]) -> tuple[Step, ...]:
    """The steps that all samples of a thread share; lines that moved become a range."""
    found: list[Step] = []
    for row in zip(*each, strict=False):
        first = row[0]
        if any((one.label, one.file) != (first.label, first.file) for one in row):
            break
        lines = [one.line for one in row]
        if len(set(lines)) > 1:
            found.append(replace(first, line=min(lines), last=max(lines), source=""))
            break
        found.append(first)
    return tuple(found) or each[-1]


def own_locals(thread: ThreadStack) -> dict[str, str]:
    """The locals of the innermost line that is the program's own."""
    found: dict[str, str] = {}
    for frame, values in zip(thread.frames, thread.locals, strict=False):
        if not places.is_library(frame):
            found = values
    return found


def _nodes(told: Iterable[Told]) -> tuple[StackNode, ...]:
    """The tree of these, the part that is shared by all at its root."""
    groups: defaultdict[object, list[Told]] = defaultdict(list)
    for one in told:
        end = (one.state, one.kind)  # equal stacks that wait for different things
        groups[one.steps[0] if one.steps else end].append(one)
    nodes = [_node(group) for group in groups.values()]
    return tuple(sorted(nodes, key=lambda node: (_is_idle(node), -len(node.who))))


def _is_idle(node: StackNode) -> bool:
    if node.children:
        return all(map(_is_idle, node.children))
    return node.kind == IDLE


def _node(group: list[Told]) -> StackNode:
    shared: list[Step] = []
    for row in zip(*(one.steps for one in group), strict=False):
        if any(step != row[0] for step in row):
            break
        shared.append(row[0])
    who = tuple(one.who for one in group)
    rest = [replace(one, steps=one.steps[len(shared) :]) for one in group]
    if not any(one.steps for one in rest) and len({(one.state, one.kind) for one in rest}) == 1:
        first = rest[0]
        return StackNode(
            tuple(shared), who, fold_names(who), (), first.state, first.kind, _differ(rest)
        )
    return StackNode(tuple(shared), who, fold_names(who), _nodes(rest))


def _differ(group: list[Told]) -> tuple[Differing, ...]:
    """The locals of those that stand in one place; a name with one value is the same in all."""
    names = dict.fromkeys(name for one in group for name in one.locals)
    found = []
    for name in names:
        values: defaultdict[str, list[str]] = defaultdict(list)
        for one in group:
            values[one.locals.get(name, "(none)")].append(one.who)
        order = sorted(values.items(), key=lambda pair: -len(pair[1]))
        found.append(Differing(name, tuple((text, tuple(who)) for text, who in order)))
    return tuple(found)
