"""Results that cannot be pickled or unpickled, and what that does to a Pool: the findings."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mpdebug.diagnosis import cures, deaths, places, words
from mpdebug.diagnosis.jobs import INITIALIZER, number, of, text
from mpdebug.diagnosis.relations import EXECUTOR_WORKER
from mpdebug.model_waits import PROVED, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from mpdebug.diagnosis.jobs import Ledger
    from mpdebug.diagnosis.relations import Relations
    from mpdebug.model import Note, Process

NEEDS_ARGUMENTS = (
    "an exception class with required arguments cannot be unpickled: pass all of them to "
    "super().__init__(), or define __reduce__"
)
NEW_EXECUTOR = "mend what ended the worker; what was not done has to go to a new executor"
BREAKS = "every pending future raises BrokenProcessPool"
SOON = 1_000_000_000
"""ns by which the end of a worker may be told after the executor has noticed it."""

UNPICKLABLE = "give the exception only what can be pickled, or raise a plainer one in the task"


def pool_result_thread_died(book: Ledger, people: Relations) -> Iterator[Finding]:
    """A thread of a Pool died, mostly of an exception that pickles but cannot be unpickled.

    No result arrives from then on. An executor notices the same, and breaks: every future
    raises BrokenProcessPool, and what the task raised is seen by nobody.
    """
    for process, note in book.died:
        broken = text(note, "what") == "broken"
        if broken and not text(note, "type"):
            yield from _worker_died(process, note, people)
            continue
        yield _handler_died(process, note, people, broken=broken)


def _handler_died(process: Process, note: Note, people: Relations, *, broken: bool) -> Finding:
    original = _original(process, note, people)
    place = words.made_at(process, text(note, "owner"), people)
    why = f"{text(note, 'type')}: {places.first_line(text(note, 'message'))}"
    what = f"{words.raised(original)} cannot be unpickled ({why})" if original else why
    if broken:
        title = f"ProcessPoolExecutor{place} broke: {what}"
        so = "every future raises BrokenProcessPool, and not what the task raised"
    else:
        title = f"the {_thread(note)} of the Pool{place} died: {what}"
        so = "no result of this Pool arrives any more: map(), get() and join() wait for ever"
    told = [("raised", words.raised_at(original, people))] if original else []
    return Finding(
        "executor-broken" if broken else "pool-result-thread-died",
        PROVED,
        title,
        processes=(process.key,),
        evidence=(*told, ("died of", why), ("so", so)),
        cure=NEEDS_ARGUMENTS if cures.NEEDS_ARGUMENTS.search(why) else "",
        mono=note.mono,
        standing=not broken and process.alive,
        facts={"owner": text(note, "owner"), "text": text(original or note, "text")},
    )


def _worker_died(process: Process, note: Note, people: Relations) -> Iterator[Finding]:
    """An executor notices when a worker dies, and breaks."""
    died = [
        death
        for one in people.run.processes
        if one.parent == process.key and one.role == EXECUTOR_WORKER
        if (death := deaths.explain_one(one, people)) is not None
        if death.bad and death.mono <= note.mono + SOON
    ]
    died.sort(key=lambda death: death.mono)
    if not died:
        yield from _not_initialized(process, note, people)
    for death in died[:1]:
        worker = death.process
        died_of = words.died_of(death)
        doing = f" while running {words.task_of(worker)}" if worker.task else ""
        place = words.made_at(process, text(note, "owner"), people)
        yield Finding(
            "executor-broken",
            PROVED,
            f"ProcessPoolExecutor{place} broke: {words.who(worker)} {died_of}{doing}",
            processes=(process.key, worker.key),
            evidence=(("died", f"{words.who(worker)}: {death.cause}"), ("so", BREAKS)),
            cure=NEW_EXECUTOR,
            mono=note.mono,
            standing=False,
            facts={"owner": text(note, "owner"), "worker": worker.key},
        )


def _not_initialized(process: Process, note: Note, people: Relations) -> Iterator[Finding]:
    """Its workers ended because their initializer failed, with status 0."""
    failed = [
        (one, said)
        for one in people.run.processes
        if one.parent == process.key and one.role == EXECUTOR_WORKER
        for said in of(one, "handler died")
        if text(said, "what") == INITIALIZER and said.mono <= note.mono + SOON
    ]
    for worker, said in failed[:1]:
        place = words.made_at(process, text(note, "owner"), people)
        yield Finding(
            "executor-broken",
            PROVED,
            f"ProcessPoolExecutor{place} broke: the initializer failed in {words.who(worker)}",
            processes=(process.key, worker.key),
            evidence=(("raised", words.raised_at(said, people)), ("so", BREAKS)),
            cure="mend the initializer",
            mono=note.mono,
            standing=False,
            facts={"owner": text(note, "owner"), "worker": worker.key},
        )


def _thread(note: Note) -> str:
    words = {"_handle_tasks": "thread that sends tasks", "_handle_workers": "worker's keeper"}
    return words.get(text(note, "what"), "result thread")


def _original(process: Process, note: Note, people: Relations) -> Note | None:
    """What the task raised whose result could not be unpickled: by its name, or the last."""
    failed = [
        one
        for worker in people.run.processes
        if worker.parent == process.key
        for one in of(worker, "task failed")
        if one.mono <= note.mono
    ]
    failed.sort(key=lambda one: one.mono)
    name = text(note, "message").partition(".__init__()")[0].rpartition(".")[2]
    named = [one for one in failed if text(one, "type").rpartition(".")[2] == name]
    return named[-1] if named else failed[-1] if failed else None


def pool_exception_unpicklable(people: Relations) -> Iterator[Finding]:
    """A task raised what cannot be pickled: its caller gets MaybeEncodingError instead."""
    found: list[tuple[Process, Note]] = []
    for worker in people.run.processes:
        failed = of(worker, "task failed")
        for first, second in pairwise(failed):
            same = number(first, "job", -1) == number(second, "job", -2)
            if same and text(second, "type").endswith("MaybeEncodingError"):
                found.append((worker, first))
    key: Callable[[tuple[Process, Note]], Hashable] = lambda one: (  # noqa: E731
        one[0].parent,
        text(one[1], "where"),
    )
    for _, group in words.grouped(found, key):
        worker, first = group[0]
        times = "" if len(group) == 1 else f" ({len(group)} times)"
        yield Finding(
            "pool-exception-unpicklable",
            PROVED,
            f"{words.raised(first)} cannot be pickled and became a MaybeEncodingError{times}",
            processes=(worker.key,),
            evidence=(("raised", words.raised_at(first, people)), ("in", words.who(worker))),
            cure=UNPICKLABLE,
            mono=first.mono,
            standing=False,
            facts={"text": text(first, "text")},
        )
