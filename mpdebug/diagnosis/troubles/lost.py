"""Work that is lost without anybody's waiting: what `data`, `managers` and `segments` find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import children, data, managers, segments
from mpdebug.diagnosis.trouble import trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.diagnosis.known import Known
    from mpdebug.model_waits import Finding


@trouble("lost-update")
def lost_update(known: Known) -> Iterable[Finding]:
    """Several processes change a shared value in two steps, and lose updates.

    `v.value += 1` reads the value and then writes it. Each step takes the lock of the value
    on its own, and between the two another process may write. The same goes for
    `d[k] += 1` on a manager's dictionary.

    What to do: `with v.get_lock(): v.value += 1`; for a manager's object a Manager().Lock()
    around both steps.
    """
    return data.lost_updates(known.run, known.people)


@trouble("copy-changed")
def copy_changed(known: Known) -> Iterable[Finding]:
    """A copy of a manager's object was changed, and not the object.

    `d["xs"].append(1)` fetches a copy of the list, and appends to the copy.

    What to do: assign it back: `xs = d["xs"]; xs.append(1); d["xs"] = xs`, or put a proxy
    of its own into it: `d["xs"] = manager.list()`.
    """
    return data.changed_copies(known.run, known.people)


@trouble("same-random-numbers")
def same_random_numbers(known: Known) -> Iterable[Finding]:
    """Forked children draw the same random numbers.

    A generator that was made before the fork is copied with its state into each child, and
    goes on alike in all of them.

    What to do: make or seed it in the child: `random.Random()` in the initializer or the
    task; numpy's `default_rng()` likewise.
    """
    return data.same_random_numbers(known.run, known.people)


@trouble("descriptors-used-up")
def descriptors_used_up(known: Known) -> Iterable[Finding]:
    """A process has no file descriptors left.

    Each Process object that has ended keeps one until close() or until it is garbage; so do
    pipes and queues.

    What to do: join() and close() them, and do not keep them in a list; `ulimit -n` tells
    the limit.
    """
    return data.used_up_descriptors(known.run, known.people)


@trouble("manager-gone")
def manager_gone(known: Known) -> Iterable[Finding]:
    """The process of a Manager has ended, and its proxies are used on.

    Each call fails with a bare EOFError, ConnectionRefusedError or FileNotFoundError.

    What to do: keep the manager alive as long as its proxies are used, and find out what
    ended it.
    """
    return managers.findings(known.run, known.people)


@trouble("shared-memory-leaked")
def shared_memory_leaked(known: Known) -> Iterable[Finding]:
    """A segment of shared memory was never unlinked.

    close() gives the mapping of one process back; the segment stays in /dev/shm until somebody
    calls unlink(). multiprocessing's resource tracker removes it at the end, with a warning
    that does not say where it was made.

    What to do: one process calls unlink() when all are done. `mpdebug gc` lists what is
    left.
    """
    return _of_kind(known, "shared-memory-leaked")


@trouble("shared-memory-unlinked")
def shared_memory_unlinked(known: Known) -> Iterable[Finding]:
    """A process that only attached to a segment removed it at its end.

    SharedMemory(name) also tells the resource tracker of the process that attaches. Where that
    is another tree of processes its tracker takes the segment for a leak, and unlinks it.

    What to do: SharedMemory(name, track=False) from Python 3.13 on; before, unregister it
    from multiprocessing.resource_tracker.
    """
    return _of_kind(known, "shared-memory-unlinked")


def _of_kind(known: Known, kind: str) -> Iterable[Finding]:
    return [one for one in segments.findings(known.run, known.people) if one.kind == kind]


@trouble("daemon-terminated")
def daemon_terminated(known: Known) -> Iterable[Finding]:
    """A daemon was ended in its work, because its parent came to its end.

    Daemonic processes are terminated when the process that started them exits: no `finally`, no
    atexit, no flush. For a loop that watches something that is right; work is cut off.

    What to do: join() it, or start it without daemon=True.
    """
    return children.terminated_daemons(known.run, known.people)


@trouble("zombies")
def zombies(known: Known) -> Iterable[Finding]:
    """Children have ended, and nobody waited for them.

    Each stays in the table of processes until its parent asks how it ended, by join(),
    exitcode, active_children(), or by starting another one.

    What to do: join() each process that was started.
    """
    return children.zombies(known.run, known.people)
