"""Children whose parent did not wait: cut off at its exit, or never asked how they ended."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places, relations
from mpdebug.diagnosis.stops import fold_names
from mpdebug.model_waits import SUSPECTED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Process, Run

MANY = 10
"""So many zombies at once are worth a word."""

LONG = 60_000_000_000
"""So many ns old is one alone."""


def terminated_daemons(run: Run, people: Relations) -> Iterator[Finding]:
    """daemon-terminated: a daemon was ended by SIGTERM when its parent came to its end.

    That is what daemons are for, and right for a loop that watches something. Of work that it
    had in hand nothing is finished: no `finally`, no atexit, no flush. Which of both it is only
    the program knows.
    """
    for process in run.processes:
        sent = next((one for one in process.signals if one.call == "exit"), None)
        ended = process.ended
        if sent is None or ended is None or ended.status is None or ended.status >= 0:
            continue
        if process.role == relations.POOL_WORKER:
            continue  # its Pool was not joined, or not closed: that is told
        if process.task is None and (process.role != "worker" or sent.idle):
            continue  # it has nothing to do
        work = process.task.call if process.task else process.target
        began = process.task.since if process.task else process.mono
        at = places.short_place(process.started_where, people.cwd)
        yield Finding(
            kind="daemon-terminated",
            certainty=SUSPECTED,
            title=f"{people.label(process.key)} was terminated at the exit of its parent, "
            f"{max(sent.mono - began, 0) / 1e9:.1f} s into {work}",
            processes=(process.key,),
            evidence=(
                *((("started at", at),) if at else ()),
                ("so", "what it was doing is cut off: no finally, no atexit, no flush in it"),
            ),
            cure="join() it before the main process ends, or start it without daemon=True",
            settle="where it only watches something and has nothing to save, nothing is wrong",
            mono=sent.mono,
            standing=False,
        )


def zombies(run: Run, people: Relations, now: int = 0) -> Iterator[Finding]:
    """zombies: children that have ended, and whose parent never asked how.

    Each keeps its pid and an entry of the kernel's table. multiprocessing asks at the next
    start() or active_children(); a program that comes to neither collects them.

    Args:
        run: the run.
        people: its processes.
        now: the time (ns) of a run that lives; 0: count alone.
    """
    groups: defaultdict[str, list[Process]] = defaultdict(list)
    for process in run.processes:
        ended, parent = process.ended, people.parent(process)
        if ended is None or parent is None or not parent.alive:
            continue
        seen = ended.seen_by not in ("", "exec") and not ended.reaped
        if seen and process.role not in relations.QUIET_ROLES:
            groups[parent.key].append(process)
    for key, those in groups.items():
        age = max((now - one.ended.mono for one in those if one.ended), default=0)
        if len(those) < MANY and age < LONG:
            continue
        names = fold_names(one.name for one in those)
        oldest = f", the oldest for {age / 1e9:.0f} s" if now else ""
        yield Finding(
            kind="zombies",
            certainty=SUSPECTED,
            title=f"{len(those)} children of {people.label(key)} have ended and were not asked "
            f"how{oldest}: they are zombies",
            processes=(key, *(one.key for one in those[:20])),
            evidence=(("who", names),),
            cure="join() each child that has ended, or call multiprocessing.active_children() "
            "now and then",
            settle="`ps` shows them with state Z; where the program ignores SIGCHLD the kernel "
            "has collected them, and nothing is wrong",
            mono=min(one.ended.mono for one in those if one.ended),
            standing=False,
        )
