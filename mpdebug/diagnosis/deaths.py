"""How each process of a run died, and why: from what it, its parent and others wrote.

Everything here is a function of the run alone: no clock, no files, no processes.

An exit status says little. Of 1, a process may have died of an exception, of `sys.exit("no")`,
of Ctrl-C, of `os._exit(1)`, or of an import that failed; -9 comes from a kill, from the kernel
for want of memory, or from a container's end. So the status is read together with what the
process said last (its goodbye), with the signals that others say they sent, and with the task
that it had in hand.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mpdebug.diagnosis import cures, places, relations, signals, tasks, timeouts
from mpdebug.diagnosis.because import because
from mpdebug.diagnosis.relations import Relations
from mpdebug.model import Death

if TYPE_CHECKING:
    from mpdebug.model import Frame, Goodbye, Note, Process, Raised, Run

SPAWN_STEPS = frozenset({"spawn_main", "_main", "prepare", "_serve_one", "import_main_path"})
NO_CLEANUP = "no finally, no atexit, no flush of buffered output in that process"
UNSEEN = "no exit status and no last word: no room to write, or who would have seen it died too"
OUTSIDE = "an exception before or after its target: multiprocessing has printed it"
UNPRINTED = "an exception before or after its target, which multiprocessing does not print"
SILENT = "os._exit, or exit() of C code: no traceback, no cleanup"
UNSAID = "it could not write why: its disk was full, or RLIMIT_FSIZE reached"
STOOD = "stood"
"""The label of where a process stood at a breakpoint when it was ended."""

ABORTED = "ended by mpdebug (--on-hang=abort)"
AFTER_ALL = ("so", "cure")
REFILLED = "a worker that fails so is replaced by one that fails too: no task is ever run"


def explain(run: Run) -> list[Death]:
    """The deaths of a run that are worth a word, in the order of time.

    A quiet normal end yields nothing. What the program itself meant (`terminate()`, a daemon
    that ends with its parent, Ctrl-C) has `bad` false. Each process yields at most one.
    """
    people = Relations(run)
    found = [death for one in run.processes if (death := explain_one(one, people))]
    return sorted(found, key=lambda death: (death.mono, death.process.key))


def explain_one(process: Process, people: Relations) -> Death | None:
    """The death of one process; None if there is nothing to tell."""
    death = _explain_one(process, people)
    if death is not None and 0 < people.run.aborted <= death.mono:
        return dataclasses.replace(
            death, bad=False, kind="terminated", cause=ABORTED, detail=()
        )
    stop = timeouts.stood_at_end(process)
    if death is None or stop is None:
        return death
    place = places.short_place(f"{stop.file}:{stop.line}", people.cwd)
    stood = f"at a breakpoint at {place} for {max(death.mono - stop.since, 0) / 1e9:.1f} s"
    first = [one for one in death.detail if one[0] not in AFTER_ALL]
    last = [one for one in death.detail if one[0] in AFTER_ALL]
    return dataclasses.replace(death, detail=(*first, (STOOD, stood), *last))


def _explain_one(process: Process, people: Relations) -> Death | None:
    ended, goodbye = process.ended, process.goodbye
    if process.alive:
        death = _orphan(process, people)
    elif ended is not None and ended.seen_by == "exec":
        death = None
    elif ended is not None and ended.status is not None and ended.status < 0:
        death = signals.explain(process, ended, people)
    elif goodbye is None and (note := cures.used_up(process)):
        death = _without_descriptors(process, note, people)
    elif goodbye is None or goodbye.kind == "exec":
        death = _without_goodbye(process, people)
    elif goodbye.kind == "exception" and goodbye.raised is not None:
        death = _exception(process, goodbye, goodbye.raised, people)
    elif goodbye.kind == "status":
        death = _outside_target(process, goodbye, people)
    elif goodbye.kind in ("exit", "os._exit"):
        death = _exit(process, goodbye, people)
    else:
        death = _returned(process, people)
    return death


def _orphan(process: Process, people: Relations) -> Death | None:
    main = people.main
    if main is None or main.alive or process.role in relations.QUIET_ROLES:
        return None
    return Death(
        process=process,
        mono=main.ended.mono if main.ended else process.mono,
        cause="still runs after the end of the main process",
        kind="orphan",
        bad=True,
        detail=(("cure", f"end it: kill {process.pid}"),),
    )


def _without_goodbye(process: Process, people: Relations) -> Death | None:
    status = process.ended.status if process.ended else None
    if process.goodbye is not None or not process.observed:
        return None  # another program: its status is for who started it
    if status is None:
        if process.role in relations.QUIET_ROLES:
            return None
        return _death(process, people, "vanished", "vanished", [("how", UNSEEN)])
    quiet = status == 0 and not tasks.has_lost_task(process)
    if quiet or (status == 1 and _was_sent_interrupt(process, people)):
        return None  # a second Ctrl-C came before it could note the first
    details = [("how", UNSAID if process.unsaid else SILENT)]
    if status == 255 and process.method == "forkserver":  # noqa: PLR2004
        details = [("how", "255 is also what multiprocessing says when the forkserver is gone")]
    cause = f"ended with status {status}"
    asked = signals.asked_to_end(process, process.ended.mono, people) if process.ended else ""
    if asked:
        cause = f"{asked}, and status {status}"
        return _death(process, people, "terminated", cause, [], bad=False)
    bad = relations.is_worker(process)
    return _death(process, people, "exit", cause, details, bad=bad)


def _without_descriptors(process: Process, note: Note, people: Relations) -> Death:
    """It could not write down its end: every file that is opened needs a descriptor."""
    kinds = note.said.get("kinds")
    rows = list(kinds.items()) if isinstance(kinds, dict) else []
    details = [("at", places.short_place(str(note.said.get("where") or ""), people.cwd))]
    details += [("open", ", ".join(f"{count} {kind}" for kind, count in rows[:4]))]
    cause = f"OSError: {note.said.get('message')}"
    return _death(process, people, "exception", cause, details)


def _outside_target(process: Process, goodbye: Goodbye, people: Relations) -> Death | None:
    """Its target had not begun, or had ended: only multiprocessing knows of what."""
    status = process.ended.status if process.ended else goodbye.status
    if status is None:
        status = 1 if goodbye.status is None else goodbye.status  # it raised
    if status == 1 and _was_sent_interrupt(process, people):
        return None
    bad = relations.is_worker(process) or tasks.has_lost_task(process)
    cause = f"ended with status {status}"
    how = UNPRINTED if goodbye.status is None else OUTSIDE
    return _death(process, people, "exit", cause, [("how", how)], bad=bad)


def _exit(process: Process, goodbye: Goodbye, people: Relations) -> Death | None:
    """sys.exit and os._exit."""
    status = goodbye.status
    if status is None:
        status = process.ended.status if process.ended and process.ended.status else 0
    quietly = goodbye.kind == "os._exit"
    breaks = quietly and process.role == relations.EXECUTOR_WORKER
    lost = tasks.has_lost_task(process) or breaks
    if process.role == relations.MAIN or (status == 0 and not lost):
        return None
    text = places.first_line(goodbye.message)
    said = places.first_line(goodbye.passed) or (repr(text) if text else "")
    call = f"os._exit({status})" if quietly else f"sys.exit({said})" if said else ""
    cause = f"ended by {call or f'sys.exit({status})'}"
    where = people.place_in(process.key, goodbye.where)
    details = [("at", where)] if where else []
    asked = signals.asked_to_end(process, goodbye.mono, people)
    if asked:  # and its handler of the signal does so
        how = cause.removeprefix("ended by ")
        return _death(
            process, people, "terminated", f"{asked}, through {how}", details, bad=False
        )
    if lost and not quietly:
        details.append(("how", "a Pool catches only Exception: SystemExit ends the worker"))
    elif quietly and not lost:
        details.append(("so", NO_CLEANUP))
    bad = lost or relations.is_worker(process) or (quietly and process.role == "fork")
    return _death(process, people, goodbye.kind, cause, details, bad=bad)


def _was_sent_interrupt(process: Process, people: Relations) -> bool:
    sent = signals.last_sent(process, signals.INTERRUPT)
    when = process.ended.mono if process.ended else process.mono
    return (
        sent is not None
        or people.main_was_interrupted()
        or people.others_were_interrupted(when)
    )


def _returned(process: Process, people: Relations) -> Death | None:
    status = process.ended.status if process.ended else 0
    if not status or not relations.is_worker(process):
        return None  # any other program speaks through its status
    how = "an atexit function or the last flush of its output failed"
    cause = f"ended with status {status} although its target returned"
    return _death(process, people, "exit", cause, [("how", how)])


def _exception(
    process: Process, goodbye: Goodbye, raised: Raised, people: Relations
) -> Death | None:
    if raised.type == "KeyboardInterrupt":
        return _interrupted(process, raised, people)
    if is_startup(process, raised):
        return _startup(process, raised, people)
    message = places.first_line(raised.message)
    cause = f"{raised.type}: {message}" if message else raised.type
    frames = places.program_frames(raised.frames)
    details = _at(frames, goodbye.where, people.cwd)
    cure = cures.of_exception(process, raised, people)
    details += because(raised, goodbye.mono, people)
    if process.role == relations.POOL_WORKER and process.task is None:
        details += _in_pool_worker(raised)
    if cure:
        details.append(("cure", cure))
    return _death(process, people, "exception", cause, details, frames=frames, text=raised.text)


def _in_pool_worker(raised: Raised) -> list[tuple[str, str]]:
    """A Pool worker that raises outside of a task: in its initializer, or taking a task."""
    if any(frame.function == "get" and "queues.py" in frame.file for frame in raised.frames):
        return [
            ("when", "as it unpickled a task"),
            (
                "so",
                "Pool never re-runs a lost task: whoever waits for its result waits for ever",
            ),
        ]
    return [("when", "in the initializer of its Pool"), ("so", REFILLED)]


def _interrupted(process: Process, raised: Raised, people: Relations) -> Death | None:
    """Ctrl-C: meant, but for a task that is lost while the main process went on without it.

    That is known only after the end of the main process: it is interrupted as well, mostly,
    but may take its time to tidy up.
    """
    survived = people.main_is_over() and not people.main_was_interrupted()
    bad = survived and tasks.has_lost_task(process)
    frames = places.program_frames(raised.frames)
    details = _at(frames, "", people.cwd)
    return _death(
        process,
        people,
        "terminated",
        "ended by KeyboardInterrupt",
        details,
        frames=frames,
        text=raised.text,
        bad=bad,
    )


def is_startup(process: Process, raised: Raised) -> bool:
    """Whether a spawned child fell on its way to the target.

    Its stack tells: it passes through the steps of spawn, and not yet through `_bootstrap`.
    """
    functions = [frame.function for frame in raised.frames if places.is_machinery(frame)]
    if "_bootstrap" in functions:
        return False
    on_the_way = not SPAWN_STEPS.isdisjoint(functions)
    return on_the_way and (not process.named or process.method in relations.SPAWNED)


def _startup(process: Process, raised: Raised, people: Relations) -> Death:
    unguarded = cures.is_unguarded(raised)
    said = f"no {cures.GUARD} guard" if unguarded else raised.message
    message = places.first_line(said, 100)
    frames = places.program_frames(raised.frames)
    details = _at(frames, "", people.cwd)
    parent = people.parent(process)
    bad = True
    if raised.type == "EOFError":
        # The parent's own exception says it better, where that ended the parent.
        bad = parent is None or parent.goodbye is None or parent.goodbye.kind != "exception"
    if unguarded:
        file = cures.main_file(people)
        how = f"{cures.child(process)} runs {file} again, and starts processes there"
        details.append(("how", how))
    if process.started_where and all(places.is_library(frame) for frame in frames):
        where = places.short_place(process.started_where, people.cwd)
        details.append(("started at", where))
    details.append(("cure", cures.of_startup(process, raised, people)))
    return _death(
        process,
        people,
        "startup",
        f"{raised.type}: {message}" if message else raised.type,
        details,
        frames=frames,
        text=raised.text,
        bad=bad,
    )


def _at(frames: tuple[Frame, ...], where: str, cwd: str) -> list[tuple[str, str]]:
    frame = places.innermost(frames)
    if frame is not None and not places.is_machinery(frame):
        source = f": {frame.source}" if frame.source else ""
        return [("at", f"{places.frame_place(frame, cwd)}{source}")]
    return [("at", places.short_place(where, cwd))] if where else []


def _death(
    process: Process,
    people: Relations,
    kind: str,
    cause: str,
    details: list[tuple[str, str]],
    *,
    frames: tuple[Frame, ...] = (),
    text: str = "",
    bad: bool = True,
) -> Death:
    ended, goodbye = process.ended, process.goodbye
    mono = ended.mono if ended else goodbye.mono if goodbye else process.mono
    told = [one for one in details if one[0] != "cure"]
    if process.task is not None:
        told.append(tasks.running(process.task, people.cwd))
    labels = {label for label, _ in told}
    after = tasks.consequence(process, people, mono) if bad else ""
    if after and "so" not in labels and (kind != "startup" or process.task is not None):
        told.append(("so", after))
    told += [one for one in details if one[0] == "cure"]
    return Death(
        process=process,
        mono=mono,
        cause=cause,
        kind=kind,
        bad=bad,
        detail=tuple(told),
        frames=frames,
        text=text,
        last_records=process.last_records,
    )
