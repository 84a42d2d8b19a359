"""Shared memory that nobody frees, or that somebody frees who only looked in."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places
from mpdebug.diagnosis.relations import QUIET_ROLES
from mpdebug.model_waits import PROVED, SUSPECTED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Note, Process, Run

MADE, ATTACHED, UNLINKED, REMARK = "made", "attached", "unlinked", "remark"
VISIT = (
    "the resource tracker of that process unlinks what it opened when that process ends: "
    "who opens it later gets FileNotFoundError"
)
FOR_EVER = 1 << 62


class Facts:
    """What the processes of a run said about their segments, by name."""

    def __init__(self, run: Run) -> None:
        self.made: dict[str, tuple[Process, Note]] = {}
        self.attached: list[tuple[Process, Note]] = []
        self.unlinked: dict[str, int] = {}
        self.unlinkers: dict[str, tuple[Process, Note]] = {}
        self.untracked: set[tuple[str, str]] = set()
        for process in run.processes:
            for note in process.notes:
                name = str(note.said.get("name"))
                if note.kind == MADE:
                    self.made[name] = (process, note)
                elif note.kind == ATTACHED:
                    self.attached.append((process, note))
                elif note.kind == UNLINKED:
                    self.unlinkers.setdefault(name, (process, note))
                    self.unlinked[name] = min(note.mono, self.unlinked.get(name, FOR_EVER))
                elif note.kind == REMARK and note.said.get("what") == "untracked":
                    self.untracked.add((process.key, name))


def findings(run: Run, people: Relations) -> list[Finding]:
    """All about shared memory."""
    facts = Facts(run)
    visits = list(unlinked_by_a_visitor(facts, people))
    gone = {name for visit in visits for name in visit.facts["names"]}
    return [*visits, *leaked(run, facts, people, visited=gone)]


def leaked(
    run: Run, facts: Facts, people: Relations, *, visited: set[str]
) -> Iterator[Finding]:
    """shared-memory-leaked: made, and unlinked by nobody until the end of the run.

    The resource tracker frees it at the end with a warning that names no place. What the
    program takes out of its care (track=False) is meant to stay. Of processes that were
    killed nothing can be asked.

    Args:
        run: the run; while it lives nothing is leaked.
        facts: of its segments.
        people: its processes.
        visited: names of those that somebody else's tracker took away.
    """
    main = people.main
    living = [one for one in run.processes if one.alive and one.role not in QUIET_ROLES]
    if living or (main is not None and _was_killed(main)):
        return
    groups: defaultdict[str, list[tuple[Process, Note]]] = defaultdict(list)
    for name, (process, note) in facts.made.items():
        told = name in facts.unlinked or (process.key, name) in facts.untracked
        if (
            not told
            and name not in visited
            and note.said.get("tracker")
            and not _was_killed(process)
        ):
            groups[_place(note, people)].append((process, note))
    for place, those in groups.items():
        process, note = those[0]
        names = ", ".join(str(each.said.get("name")).lstrip("/") for _, each in those[:3])
        size = sum(int(each.said.get("size") or 0) for _, each in those)
        many = f"{len(those)} segments" if len(those) > 1 else names
        yield Finding(
            kind="shared-memory-leaked",
            certainty=PROVED,
            title=f"shared memory was never unlinked: {many} ({size:,} bytes), made at {place} "
            f"by {process.name}",
            processes=tuple(dict.fromkeys(each.key for each, _ in those)),
            evidence=(
                ("named", names + (", …" if len(those) > 3 else "")),  # noqa: PLR2004
                ("so", "it stayed in memory until the resource tracker freed it at the end"),
            ),
            cure="whoever is last calls unlink(), once, after close(): in a finally, or let a "
            "SharedMemoryManager do it",
            mono=note.mono,
            standing=False,
        )


def unlinked_by_a_visitor(facts: Facts, people: Relations) -> Iterator[Finding]:
    """shared-memory-unlinked: a process of another tree attaches, ends, and frees it for all.

    Its own resource tracker takes each segment that it opens for its own to free.
    """
    seen: set[str] = set()
    for process, note in facts.attached:
        name = str(note.said.get("name"))
        maker, made = facts.made.get(name, (None, None))
        if maker is None or made is None or name in seen:
            continue
        own = made.said.get("tracker") in (0, None, note.said.get("tracker"))
        end = process.ended.mono if process.ended is not None else FOR_EVER
        if own or (process.key, name) in facts.untracked or _is_over(facts, name, end):
            continue
        seen.add(name)
        ended = process.ended is not None
        where, short = _place(note, people), name.lstrip("/")
        yield Finding(
            kind="shared-memory-unlinked",
            certainty=PROVED if ended else SUSPECTED,
            title=f"shared memory {short} (made at {_place(made, people)} by {maker.name}) "
            f"{'went' if ended else 'will go'} with {process.name} (pid {process.pid}), which "
            "only attached to it",
            processes=(maker.key, process.key),
            things=(short,),
            evidence=(
                ("attached at", where),
                ("so", VISIT),
            ),
            cure="attach with SharedMemory(name, track=False) (Python 3.13 and newer); before: "
            'resource_tracker.unregister(shm._name, "shared_memory") after attaching',
            settle="" if ended else "it happens when that process ends",
            mono=note.mono,
            standing=False,
            facts={"names": [name]},
        )


def _is_over(facts: Facts, name: str, end: int) -> bool:
    """Whether it was freed as it should be, before that process ended."""
    return facts.unlinked.get(name, FOR_EVER) <= end and name in facts.unlinked


def _was_killed(process: Process) -> bool:
    ended = process.ended
    return ended is not None and ended.status is not None and ended.status < 0


def _place(note: Note, people: Relations) -> str:
    return places.short_place(str(note.said.get("where") or ""), people.cwd)
