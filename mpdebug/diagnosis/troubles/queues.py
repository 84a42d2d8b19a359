"""Queues and pipes at which somebody waits for ever."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mpdebug.diagnosis import lost_items, relations
from mpdebug.diagnosis.trouble import trouble
from mpdebug.model_waits import CHILD, POLL, READ, SEMAPHORE, WRITE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mpdebug.diagnosis.known import Known
    from mpdebug.model import Process
    from mpdebug.model_waits import Finding, Wait


def joins(known: Known, key: str) -> set[str]:
    """The processes whose end this one waits for."""
    found = set()
    for wait in known.waits.get(key, ()):
        if wait.kind in (CHILD, POLL):
            for ident in wait.things:
                thing = known.picture.things.get(ident)
                if thing is not None and thing.ends:
                    found.add(thing.ends)  # a sentinel
                kind, _, pid = ident.partition(":")
                if kind == "pid":
                    found |= {
                        one.key
                        for one in known.run.processes
                        if str(one.pid) == pid and one.alive
                    }
    return found


@trouble("join-before-drain")
def join_before_drain(known: Known) -> Iterator[Finding]:
    """A process is joined before the queue that it filled was emptied.

    A process that has put items into a multiprocessing.Queue does not end before all of them
    are written to the queue's pipe, and the pipe holds some 64 KiB. Whoever joins the process
    instead of reading the queue waits for it, and it waits for a reader.

    What to do: get() everything first, then join().
    """
    for key, waits in known.waits.items():
        for wait in waits:
            if wait.kind != WRITE or not known.is_dead(wait):
                continue
            waiting = [other for other in known.waits if key in joins(known, other)]
            if "Queue._feed" in known.calls(wait) or _feeds(known, wait):
                stuck = (
                    "and",
                    f"{known.who(key)} has items left to send, and the pipe is full",
                )
            elif wait.main and _is_of_multiprocessing(known, key):
                waiting = [one for one in _readers(known, wait) if one in waiting]
                stuck = ("writes", known.line(wait))
            else:
                continue
            thing = known.thing(wait.things[0]) if wait.things else "a queue"
            if not waiting:
                yield from _own_queue(known, key, wait, thing)
                continue
            parent = known.main_wait(waiting[0])
            yield known.finding(
                "join-before-drain",
                f"{known.who(waiting[0])} waits for the end of {known.who(key)}, which cannot"
                f" end: nobody reads what it put into {thing}",
                processes=[waiting[0], key],
                things=wait.things,
                evidence=[("waits", known.line(parent) if parent else ""), stuck],
                cure="read it empty first (get(), recv()), then join()",
                mono=wait.since,
            )


def _own_queue(known: Known, key: str, wait: Wait, thing: str) -> Iterator[Finding]:
    """Nobody waits for this process, but it waits at its end for what it put itself."""
    main = known.main_wait(key)
    if main is None or "Queue._finalize_join" not in known.calls(main):
        return
    yield known.finding(
        "join-before-drain",
        f"{known.who(key)} is at its end and cannot end: nobody reads what it put into {thing}",
        processes=[key],
        things=wait.things,
        evidence=[
            ("waits", known.line(main)),
            ("and", f"{known.who(key)} has items left to send, and the pipe is full"),
        ],
        cure="let somebody read it empty (get()), or call its cancel_join_thread() where the"
        " items may be lost",
        mono=wait.since,
    )


def _is_of_multiprocessing(known: Known, key: str) -> bool:
    one = known.process(key)
    return one is not None and one.method in relations.CHILDREN


def _readers(known: Known, wait: Wait) -> list[str]:
    """Who could read what a thread wants to write, but for its own process."""
    thing = known.picture.things.get(wait.things[0]) if wait.things else None
    if thing is None:
        return []
    other = known.picture.things.get(thing.peer)
    return [one for one in (other.users if other else thing.readers) if one != wait.process]


def _feeds(known: Known, wait: Wait) -> bool:
    """Without stacks: whether it is a thread of its own that writes to a queue's pipe."""
    thing = known.picture.things.get(wait.things[0]) if wait.things else None
    call = thing.label.call if thing and thing.label else ""
    return not wait.main and "Queue" in call


@trouble("subprocess-pipe-full")
def subprocess_pipe_full(known: Known) -> Iterator[Finding]:
    """A child writes to a pipe that its parent does not read, and the parent waits for its end.

    subprocess.Popen(stdout=PIPE) and then wait(): a pipe holds some 64 KiB, and when it is full
    the child waits for somebody to read it. The same happens to a parent that reads another
    pipe of the child to its end, or writes to it much that the child answers.

    What to do: communicate(), which reads and writes all pipes while it waits; or send the
    output to a file.
    """
    for key, waits in known.waits.items():
        for wait in waits:
            if wait.kind != WRITE or not wait.main or not known.is_dead(wait):
                continue
            if _is_of_multiprocessing(known, key):
                continue
            for reader in _readers(known, wait):
                parent = known.main_wait(reader)
                does = _instead(known, parent, key) if parent is not None else ""
                if parent is None or not does:
                    continue
                yield known.finding(
                    "subprocess-pipe-full",
                    f"{known.who(key)} writes to a pipe that is full, and"
                    f" {known.who(reader)}, which could read it, {does}",
                    processes=[reader, key],
                    things=wait.things,
                    evidence=[("waits", known.line(parent)), ("writes", known.line(wait))],
                    cure="use communicate(), which reads and writes all its pipes while it"
                    " waits, or send the output to a file",
                    mono=wait.since,
                )


def _instead(known: Known, parent: Wait, child: str) -> str:
    """What a parent does that should read what its child writes; empty: nothing for it."""
    if child in joins(known, parent.process):
        return "waits for its end"
    thing = known.picture.things.get(parent.things[0]) if parent.things else None
    one = known.process(child)
    if thing is None or not known.is_dead(parent):
        return ""
    if one is None or not known.people.is_ancestor(parent.process, one):
        return ""
    if parent.kind == READ and child in thing.writers:
        return "reads another pipe of it"
    if parent.kind == WRITE and child in thing.readers:
        return "writes to it"
    return ""


@trouble("pipe-end-open")
def pipe_end_open(known: Known) -> Iterator[Finding]:
    """A reader waits for the end of a pipe of which it has the other end itself.

    A pipe ends (EOFError) when the last copy of its writing end is closed. A forked child has a
    copy of all that its parent had open, the writing end too: as long as the reader itself
    keeps it, the end never comes.

    What to do: close the end that a process does not use, first thing in the process.
    """
    for key, waits in known.waits.items():
        for wait in waits:
            if wait.kind != READ or not known.is_dead(wait) or not wait.things:
                continue
            thing = known.picture.things.get(wait.things[0])
            if thing is None or key not in (thing.writers or ()) or thing.strangers:
                continue
            if thing.label is None and (len(waits) > 1 or not wait.frames or known.calls(wait)):
                continue  # a thread may be meant to write, or it is something of a library
            if thing.label and thing.label.call.rpartition(".")[2] != "Pipe":
                continue  # a queue's readers have both ends by design
            by_hand = (
                "" if thing.label else ", unless a signal is to make it write there itself"
            )
            others = [one for one in thing.writers if one != key]
            if any(_reads_another(known, one, thing.id) for one in others):
                continue  # it may write here when it has read there: a circle
            also = f", as {known.whos(others)} does" if others else ""
            yield known.finding(
                "pipe-end-open",
                f"{known.who(key)} reads {known.thing(thing.id)}, which nobody writes to, and"
                f" has its writing end open itself{also}: it never ends",
                processes=[key, *others],
                things=[thing.id],
                evidence=[("waits", known.line(wait))],
                cure="close the writing end in the reader, and in all others that do not write"
                + by_hand,
                mono=wait.since,
            )


def _reads_another(known: Known, key: str, pipe: str) -> bool:
    return any(wait.kind == READ and pipe not in wait.things for wait in known.waits[key])


def _readers_of(known: Known, pipe: str) -> list[Wait]:
    """Who waits for ever for items of the queue that has this pipe."""
    label = known.picture.things[pipe].label if pipe in known.picture.things else None
    found = []
    for wait in known.picture.waits:
        if wait.kind not in (READ, SEMAPHORE) or not known.is_dead(wait):
            continue
        for ident in wait.things:
            thing = known.picture.things.get(ident)
            of_it = label is not None and thing is not None and thing.label is not None
            if ident == pipe or (of_it and thing.label.where == label.where):  # type: ignore[union-attr]
                found.append(wait)
                break
    return found


@trouble("queue-items-unsent")
def queue_items_unsent(known: Known) -> Iterable[Finding]:
    """A process left by os._exit() before its queue had sent what was put into it.

    put() hands an item to a thread that sends it later. os._exit() ends the process at once,
    the thread with it, and the items are lost.

    What to do: end by returning, or by sys.exit(); or call queue.close() and
    queue.join_thread() before os._exit().
    """
    return _with_readers(known, lost_items.queue_items_unsent(known.book, known.people))


@trouble("queue-item-dropped")
def queue_item_dropped(known: Known) -> Iterable[Finding]:
    """An item was put into a queue that cannot be pickled, and was dropped.

    put() only hands the item to a thread, which pickles and sends it later. When it cannot be
    pickled, put() has long returned: the item is dropped, with a traceback at best, and the
    reader waits for it.

    What to do: put plain data. No lambda, no inner function, no lock, file, socket, generator.
    """
    return _with_readers(known, lost_items.queue_item_dropped(known.book, known.people))


def _with_readers(known: Known, found: Iterable[Finding]) -> Iterator[Finding]:
    """The same findings, with who waits for the items in vain."""
    for one in found:
        pipe = one.things[0] if one.things else ""
        waits = _readers_of(known, pipe)
        yield dataclasses.replace(
            one,
            processes=(*one.processes, *dict.fromkeys(wait.process for wait in waits)),
            evidence=(*one.evidence, *known.lines(waits)),
            standing=bool(waits),
        )


@trouble("task-done-missing")
def task_done_missing(known: Known) -> Iterator[Finding]:
    """JoinableQueue.join() waits for task_done() calls that never come.

    join() returns when task_done() was called once for each item that was put. A consumer that
    forgets it, or ends (or dies) before it, leaves join() waiting for ever.

    What to do: call task_done() for each get(), in a `finally`.
    """
    for wait in known.picture.waits:
        if "JoinableQueue.join" not in known.calls(wait) or not known.is_dead(wait):
            continue
        ended = [one for one in known.siblings(wait.process) if not one.alive]
        thing = next((known.thing(ident) for ident in wait.things), "a JoinableQueue")
        yield known.finding(
            "task-done-missing",
            f"{known.who(wait.process)} joins {whole(thing)}, and nobody is left to call"
            " task_done()",
            processes=[wait.process, *(one.key for one in ended)],
            things=wait.things,
            evidence=[("waits", known.line(wait)), *ends(known, ended)],
            cure="call task_done() once for each item that was got, also where the work failed",
            mono=wait.since,
        )


def whole(thing: str) -> str:
    """`Event "ev"` of `a lock inside Event "ev"`."""
    return thing.removeprefix("a lock inside ")


def ends(known: Known, gone: list[Process]) -> list[tuple[str, str]]:
    """How those ended that could have done something."""
    return [("ended", f"{known.who(one.key)}: {known.fate(one.key)}") for one in gone[:3]]
