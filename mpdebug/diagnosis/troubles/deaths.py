"""Processes that ended badly: the deaths, each under the name of its trouble."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis import broken_pools, fold, relations
from mpdebug.diagnosis.trouble import trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.diagnosis.known import Known
    from mpdebug.model import Death
    from mpdebug.model_waits import Finding

EXITCODE = "exitcode"  # rundir.layout.EV_EXITCODE
FORK = "fork"  # the role of a child of os.fork()

KINDS = {
    "oom": "out-of-memory",
    "orphan": "orphans",
    "os._exit": "ended-by-os-exit",
    "vanished": "died",
    "exit": "died",
    "exception": "died",
    "startup": "died",
}
"""Kind of a death → kind of the finding, where the cure does not say more."""

BY_WORDS = (
    ("no if __name__", "no-main-guard"),
    ("shared between processes through inheritance", "lock-in-task"),
    ("daemonic processes are not allowed", "daemon-has-children"),
    ("BrokenProcessPool", "executor-broken"),
    ("TerminatedWorkerError", "executor-broken"),
    ("SemLock created in a", "context-mismatch"),
    ("lock from a", "context-mismatch"),
    ("SIGBUS", "shared-memory-short"),
    ("SIGKILL", "killed"),
    ("SIGSEGV", "crashed"),
    ("SIGABRT", "crashed"),
    ("SIGFPE", "crashed"),
    ("SIGILL", "crashed"),
)
"""A part of a death's cause → kind of the finding."""

BY_CURE = (
    ("a spawned child does not run what stands there", "name-under-guard"),
    ("could not pickle the target", "target-unpicklable"),
    ("what goes to another process is pickled", "target-unpicklable"),
    ("the standard input of a child is /dev/null", "stdin-closed"),
)
"""The same by the cure that is known for it."""


CURES = defaultdict(
    lambda: "mend what the exception or the status says",
    {
        "crashed": "look at the innermost lines: an extension module, ctypes, or a library that"
        " does not bear a fork",
        "killed": "find out who sends it, and ask processes to stop by SIGTERM or an Event",
        "ended-by-os-exit": "end by returning or sys.exit(); os._exit() is for a child of"
        " os.fork()",
        "orphans": "join() or terminate() them before the main process ends",
        "executor-broken": "mend what ended the worker, or let the task raise what can be"
        " pickled",
        "out-of-memory": "hold less at once, use fewer workers, or raise the limit",
        "shared-memory-short": "give /dev/shm more room, and unlink segments that are done",
    },
)
"""Where the death itself has none."""


def deaths(known: Known, kind: str) -> Iterator[Finding]:
    """The bad deaths of one kind, equal ones once."""
    bad = [
        death
        for death in known.deaths.values()
        if death.bad
        and kind_of(death) == kind
        and not is_minded(known, death)
        and not is_of_a_task(known, death)
    ]
    for group in fold.fold(bad):
        death = group.first
        times = f" (×{len(group.deaths)})" if len(group.deaths) > 1 else ""
        yield known.finding(
            kind,
            f"{known.who(death.process.key)}: {death.cause}{times}",
            processes=[one.process.key for one in group.deaths[:8]],
            evidence=[pair for pair in death.detail if pair[0] != "cure"],
            cure=next((text for label, text in death.detail if label == "cure"), CURES[kind]),
            standing=False,
            mono=death.mono,
        )


def is_minded(known: Known, death: Death) -> bool:
    """Whether both sides meant that end: a status that was read, or the usual end of a fork."""
    one = death.process
    if death.kind == "exit":
        return any(note.said.get("pid") == one.pid for _, note in known.notes(EXITCODE))
    return death.kind == "os._exit" and one.role == FORK


def is_of_a_task(known: Known, death: Death) -> bool:
    """Whether it is the echo of a task's exception that could not be pickled: told as that."""
    echo = "MaybeEncodingError" in death.cause
    return echo and any(broken_pools.pool_exception_unpicklable(known.people))


def kind_of(death: Death) -> str:
    """The kind of trouble that a death is."""
    cure = next((text for label, text in death.detail if label == "cure"), "")
    for words, kind in BY_CURE:
        if words in cure:
            return kind
    for words, kind in BY_WORDS:
        if words in death.cause:
            return "out-of-memory" if death.kind == "oom" else kind
    return KINDS.get(death.kind, "died")


@trouble("interrupted")
def interrupted(known: Known) -> Iterator[Finding]:
    """Ctrl-C came while workers had tasks in hand.

    It goes to all processes of the terminal: each worker raises KeyboardInterrupt wherever it
    is, and its task is lost, with a traceback for each that buries the place of interest.

    What to do: let workers ignore it, by signal.signal(SIGINT, SIG_IGN) in the initializer, and
    let the main process catch KeyboardInterrupt and call terminate().
    """
    main = known.people.main
    if main is None or main.alive or not known.people.main_was_interrupted():
        return
    workers = (relations.POOL_WORKER, relations.EXECUTOR_WORKER)
    busy = [one for one in known.run.processes if one.role in workers and one.task is not None]
    if busy:
        keys = [one.key for one in busy]
        calls = dict.fromkeys(one.task.call for one in busy if one.task)
        where = dict.fromkeys(one.task.submitted_at for one in busy if one.task)
        yield known.finding(
            "interrupted",
            f"Ctrl-C interrupted {known.whos(keys)} in their tasks, which are lost",
            processes=[main.key, *keys],
            evidence=[
                ("was running", ", ".join(list(calls)[:4])),
                ("submitted", f"at {', '.join(known.place(one) for one in where if one)}"),
            ],
            cure="let workers ignore it (signal.signal(SIGINT, SIG_IGN) in the initializer),"
            " and call terminate() in the main process",
            standing=False,
            mono=max(one.ended.mono if one.ended else one.mono for one in busy),
        )


@trouble("crashed")
def crashed(known: Known) -> Iterator[Finding]:
    """A process died of a fatal signal: its C code did what it must not.

    A segmentation fault, an abort, a division by zero in C: an extension module, ctypes, or a
    library that was used in a forked child although it does not bear that.

    What to do: look at the stack (`mpdebug deaths`): its innermost lines are what was running.
    """
    return deaths(known, "crashed")


@trouble("killed")
def killed(known: Known) -> Iterator[Finding]:
    """A process was killed by SIGKILL.

    It could not say a word, clean up, or release what it held. The finding says who sent the
    signal, where that is known: the process itself, its parent, or somebody outside.

    What to do: find out who sends it. Ask processes to stop, by SIGTERM or an Event.
    """
    return deaths(known, "killed")


@trouble("out-of-memory")
def out_of_memory(known: Known) -> Iterator[Finding]:
    """The kernel killed a process because memory ran out.

    It looks like a plain SIGKILL; the counter of its control group tells it apart.

    What to do: let it hold less at once, use fewer workers, or raise the limit of the
    container.
    """
    return deaths(known, "out-of-memory")


@trouble("ended-by-os-exit")
def ended_by_os_exit(known: Known) -> Iterator[Finding]:
    """A process ended by os._exit().

    That ends it at once: no `finally`, no atexit, no flush of what was printed, and items that
    it put into a queue may be lost.

    What to do: end by returning or by sys.exit(); os._exit() is for a child of os.fork().
    """
    return deaths(known, "ended-by-os-exit")


@trouble("orphans")
def orphans(known: Known) -> Iterator[Finding]:
    """Processes live on after the main process has ended.

    Nobody waits for them any more.

    What to do: end them (kill), and join() or terminate() them before the main process ends.
    """
    return deaths(known, "orphans")


@trouble("executor-broken")
def executor_broken(known: Known) -> Iterator[Finding]:
    """A ProcessPoolExecutor is broken: one of its workers died.

    Every pending future raises BrokenProcessPool, which says neither which worker died, nor of
    what, nor with which task. An exception class that cannot be unpickled breaks it too.

    What to do: mend what killed the worker, which is told as a finding of its own.
    """
    return deaths(known, "executor-broken")


@trouble("lock-in-task")
def lock_in_task(known: Known) -> Iterator[Finding]:
    """A lock, queue or event was handed to a Pool as an argument of a task.

    Such things can only be handed to a process when it is started.

    What to do: hand it over by Pool(initializer=…, initargs=(lock,)), or use Manager().Lock().
    """
    return deaths(known, "lock-in-task")


@trouble("daemon-has-children")
def daemon_has_children(known: Known) -> Iterator[Finding]:
    """A daemonic process tried to start a child.

    Pool workers are daemons, and daemons may not have children.

    What to do: let ProcessPoolExecutor do the outer work: its workers are no daemons.
    """
    return deaths(known, "daemon-has-children")


@trouble("context-mismatch")
def context_mismatch(known: Known) -> Iterator[Finding]:
    """A lock of one start method was handed to a process of another.

    A lock made for fork has no name by which a spawned child could find it.

    What to do: make locks and processes from one context: ctx = get_context(…), then
    ctx.Lock() and ctx.Process().
    """
    return deaths(known, "context-mismatch")


@trouble("stdin-closed")
def stdin_closed(known: Known) -> Iterator[Finding]:
    """A child read from standard input.

    multiprocessing gives its children /dev/null to read from: input() raises EOFError there.

    What to do: ask in the main process, and hand the answer over.
    """
    return deaths(known, "stdin-closed")


@trouble("name-under-guard")
def name_under_guard(known: Known) -> Iterator[Finding]:
    """A spawned child misses a name that is set under the `__main__` guard.

    Children of spawn and forkserver import the main script, but do not run what stands under
    `if __name__ == "__main__":`.

    What to do: set the name above the guard, or hand it over as an argument.
    """
    return deaths(known, "name-under-guard")


@trouble("target-unpicklable")
def target_unpicklable(known: Known) -> Iterator[Finding]:
    """The target or an argument of a process, or a task, cannot be pickled.

    What goes to another process is pickled. Lambdas, inner functions, locks, files, sockets and
    generators are not.

    What to do: use functions at the top of a module, and plain data.
    """
    return deaths(known, "target-unpicklable")


@trouble("shared-memory-short")
def shared_memory_short(known: Known) -> Iterator[Finding]:
    """A process died of SIGBUS: its mapping is longer than the file behind it.

    /dev/shm is full (64 MB in many containers), or somebody cut the segment.

    What to do: give /dev/shm more room (docker run --shm-size=1g), and unlink segments that
    are done.
    """
    return deaths(known, "shared-memory-short")


@trouble("died")
def died(known: Known) -> Iterator[Finding]:
    """A process ended in a way that the program did not mean.

    `mpdebug deaths` tells it with its stack and its last records.

    What to do: mend what the exception or the status says.
    """
    return deaths(known, "died")
