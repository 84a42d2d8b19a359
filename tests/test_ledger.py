"""The ledger of a run, by histories: work that was lost, failures that nobody looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mpdebug.diagnosis.ledger import findings
from mpdebug.rundir import layout
from tests.histories import (
    CWD,
    Fact,
    born,
    frame,
    goodbye,
    lives,
    main,
    raises,
    reaps,
    replay,
    says,
    seen,
    sends,
    started,
    submits,
    works,
)

M, W, V = "MainProcess", "ForkPoolWorker-1", "ForkPoolWorker-2"
KILL, TERM = 9, 15
OVER = seen(M, 0)
APP = f"{CWD}/app.py"


def pool(*facts: Fact, at: int = 8) -> list[Fact]:
    """A main process with a Pool of two, and jobs submitted from line 9."""
    made = says(M, layout.EV_POOL, owner="pool:0", what="made", size=2, where=f"{APP}:{at}")
    workers = [fact for name in (W, V) for fact in worker(name)]
    jobs = submits(M, "pool", 0, "Pool.apply_async", f"{APP}:9")
    return [*main(), made, *workers, jobs, *facts]


def worker(name: str, owner: str = "pool:0", role: str = "pool worker") -> list[Fact]:
    """A worker of a Pool or executor."""
    return [born(name, role), started(M, name), says(M, layout.EV_OWNED, name, owner=owner)]


def came(job: int, message: str = "no", owner: str = "pool:0", **more: Any) -> Fact:
    """A failed result arrives."""
    error = {"type": "ValueError", "message": message, "where": f"{APP}:4", "watched": False}
    return says(
        M, layout.EV_FAILED_RESULT, owner=owner, job=job, number=job + 1, **error | more
    )


def looked(job: int, owner: str = "pool:0") -> Fact:
    """Somebody looks at it."""
    return says(M, layout.EV_LOOKED, owner=owner, job=job)


def ends(what: str) -> Fact:
    """The Pool is closed, terminated, joined."""
    return says(M, layout.EV_POOL, owner="pool:0", what=what)


def failed(name: str, job: int, kind: str, message: str) -> Fact:
    """In a worker, a task raises."""
    said = {"type": kind, "message": message, "where": f"{APP}:5", "text": "Traceback …"}
    return says(name, layout.EV_TASK_FAILED, owner="pool", job=job, number=1, **said)


def queue(kind: str, *, inode: int = 7, **said: Any) -> list[Fact]:
    """A queue is made, and a worker says something about it."""
    made = {"reader": inode, "what": "JoinableQueue", "where": f"{APP}:6"}
    child = [born("producer"), started(M, "producer")]
    return [
        *main(),
        says(M, layout.EV_QUEUE, **made),
        *child,
        says("producer", kind, reader=7, **said),
    ]


def died(what: str, message: str, kind: str = "TypeError", owner: str = "pool:0") -> Fact:
    """A thread of a Pool dies, or an executor breaks."""
    said = {"type": kind, "message": message, "text": "Traceback …"}
    return says(M, layout.EV_HANDLER_DIED, owner=owner, what=what, **said)


def child(*facts: Fact, role: str = "worker") -> list[Fact]:
    """A child of multiprocessing that fails, and is joined."""
    ended = [raises("p", "ValueError", "lost data"), reaps(M, "p", 1)]
    return [*main(), born("p", role), started(M, "p"), *ended, *facts]


@dataclass(frozen=True)
class Case:
    """A history, and for each finding: its kind, and pieces of its text."""

    title: str
    facts: list[Fact]
    kind: str = ""
    says: tuple[str, ...] = ()
    standing: bool = False


CLOSED = ends("closed")
TAKING = frame("/usr/lib/python3.13/multiprocessing/queues.py", 9, "get")
SWALLOWED = "apply-async-swallowed"
LATE = "Can't get attribute 'work' on <module '__main__' from 'app.py'>"
CTRL_C = ("KeyboardInterrupt", "")
MISSING = "BadRow.__init__() missing 1 required positional argument: 'row'"
BROKE = "executor-broken"

CASES = [
    Case(
        "two failures nobody saw",
        pool(came(0, "no 0"), came(1), CLOSED, OVER),
        SWALLOWED,
        (
            "2 tasks failed and nobody looked: ValueError: no 0",
            "submitted by Pool.apply_async at app.py:9",
            "ValueError: no at app.py:4",
            "call get() on each",
        ),
    ),
    Case(
        "a future that nobody asked",
        [
            *main(),
            submits(M, "executor:0", 0, "ProcessPoolExecutor.submit", f"{APP}:3"),
            came(0, owner="executor:0"),
            OVER,
        ],
        SWALLOWED,
        ("1 task failed", "ProcessPoolExecutor.submit at app.py:3", "call result()"),
    ),
    Case("one that was looked at", pool(came(0), looked(0), CLOSED, OVER)),
    Case("one of the same line was", pool(came(0), came(1), looked(0), CLOSED, OVER)),
    Case(
        "another line's",
        pool(
            submits(M, "pool", 1, "Pool.map_async", f"{APP}:20"),
            came(0),
            came(1, "yes"),
            looked(0),
            CLOSED,
            OVER,
        ),
        SWALLOWED,
        ("1 task failed", "yes", "Pool.map_async at app.py:20"),
    ),
    Case("a callback was told", pool(came(0, watched=True), CLOSED, OVER)),
    Case("somebody may still look", pool(came(0), CLOSED)),
    Case(
        "the program failed itself",
        pool(came(0), raises(M, "KeyError", "x"), seen(M, 1), CLOSED),
    ),
    Case("the program was killed", pool(came(0), seen(M, -KILL))),
    Case(
        "a worker is killed with its task",
        pool(
            works(W, "work", "3", job=0), works(V, "work", "4", job=0), seen(W, -KILL), lives(V)
        ),
        "lost-task",
        (
            "Pool.apply_async at app.py:9 lost 1 task: ForkPoolWorker-1",
            "was killed by SIGKILL while running work(3)",
            "work(4) in ForkPoolWorker-2",
            "never comes",
            "ProcessPoolExecutor",
        ),
        standing=True,
    ),
    Case(
        "its Pool was terminated afterwards",
        pool(works(W, "work", "3"), seen(W, -KILL), ends("terminated"), OVER),
        "lost-task",
        ("work(3)",),
    ),
    Case(
        "terminate ends workers at work",
        pool(works(W, "work", "3"), ends("terminated"), seen(W, -TERM), OVER),
    ),
    Case(
        "the program itself ended the worker, and closes the Pool to join it",
        pool(
            works(W, "work", "3"),
            sends(M, W, TERM, "Process.terminate"),
            seen(W, -TERM),
            CLOSED,
        ),
        "lost-task",
        ("work(3)",),
        standing=True,
    ),
    Case(
        "a task calls sys.exit",
        pool(
            works(W, "work", "3"),
            goodbye(W, "exit", status=1, message="bad"),
            seen(W, 1),
            CLOSED,
        ),
        "lost-task",
        ("ended by sys.exit('bad')", "instead of calling sys.exit()"),
        standing=True,
    ),
    Case(
        "a task that cannot be unpickled",
        pool(raises(W, "AttributeError", LATE, TAKING), seen(W, 1), CLOSED),
        "lost-task",
        (
            "app.py:9 lost 1 task",
            "died of AttributeError",
            "while unpickling it",
            "define work",
        ),
        standing=True,
    ),
    Case(
        "Ctrl-C ends the workers, and the Pool is closed",
        pool(works(W, "work", "3"), raises(W, *CTRL_C), seen(W, 1), CLOSED),
        "lost-task",
        ("terminate()",),
        standing=True,
    ),
    Case(
        "Ctrl-C ends all",
        pool(
            works(W, "work", "3"),
            raises(W, *CTRL_C),
            seen(W, 1),
            raises(M, *CTRL_C),
            seen(M, -2),
        ),
    ),
    Case(
        "a worker that was idle", pool(works(W, "work", "3", phase=0), seen(W, -KILL), CLOSED)
    ),
    Case(
        "an exception that cannot be unpickled",
        pool(failed(W, 2, "BadRow", "bad row 2"), died("_handle_results", MISSING)),
        "pool-result-thread-died",
        (
            "the result thread of the Pool made at app.py:8 died",
            "BadRow: bad row 2 cannot be unpickled (TypeError: BadRow.__init__() missing",
            "bad row 2 at app.py:5",
            "__reduce__",
        ),
        standing=True,
    ),
    Case(
        "the same in an executor",
        [
            *main(),
            submits(M, "executor:0", 0, "ProcessPoolExecutor.map", f"{APP}:3"),
            *worker("E", "executor:0", "executor worker"),
            failed("E", 2, "BadRow", "bad row 2"),
            died("broken", MISSING, owner="executor:0"),
            seen(M, 1),
        ],
        BROKE,
        ("ProcessPoolExecutor used at app.py:3 broke: BadRow: bad row 2 cannot be unpickled",),
    ),
    Case(
        "an executor whose worker died",
        [
            *main(),
            *worker("E", "executor:0", "executor worker"),
            works("E", "work", "3", owner="executor"),
            seen("E", -KILL),
            died("broken", "", "", owner="executor:0"),
        ],
        BROKE,
        ("E (pid 101) was killed by SIGKILL while running work(3)",),
    ),
    Case(
        "an exception that cannot be pickled",
        pool(
            failed(W, 0, "Busy", "busy"),
            failed(W, 0, "multiprocessing.pool.MaybeEncodingError", "Error"),
            CLOSED,
        ),
        "pool-exception-unpicklable",
        ("Busy: busy cannot be pickled", "busy at app.py:5"),
    ),
    Case(
        "an item that cannot be pickled",
        queue(
            layout.EV_DROPPED, type="PicklingError", message="Can't pickle", item="<function>"
        ),
        "queue-item-dropped",
        ("producer", "the JoinableQueue made at app.py:6", "PicklingError", "<function>"),
    ),
    Case(
        "items that os._exit loses",
        queue(layout.EV_UNSENT, items=3, sending=True),
        "queue-items-unsent",
        ("with 4 items of the JoinableQueue made at app.py:6 not sent",),
    ),
    Case(
        "a queue that is not known",
        queue(layout.EV_UNSENT, inode=8, items=1, sending=False),
        "queue-items-unsent",
        ("with 1 item of the Queue not sent",),
    ),
    Case(
        "a queue that is not empty",
        queue(layout.EV_EMPTY_LIED, items=1, where=f"{APP}:12"),
        "queue-empty-lied",
        ("empty() of the JoinableQueue made at app.py:6 was wrong at app.py:12",),
    ),
    Case(
        "a child fails and nobody looks",
        child(OVER),
        "exit-code-ignored",
        ("p (pid 101) failed (ValueError: lost data), and MainProcess never looked",),
    ),
    Case("its exit code is read", child(says(M, layout.EV_EXITCODE, "p"), OVER)),
    Case("its parent may still read it", child()),
    Case("its parent fails too", child(seen(M, 3))),
    Case("a worker of an executor", child(OVER, role="executor worker")),
    Case(
        "a Pool is left open",
        pool(OVER),
        "pool-never-closed",
        ("the Pool made at app.py:8 was never closed", "with Pool("),
    ),
    Case("a Pool that lives", pool()),
    Case("closed and joined", pool(CLOSED, ends("joined"), OVER)),
    Case(
        "closed, and its tasks are cut off at the end",
        pool(
            CLOSED,
            works(W, "work", "3"),
            sends(M, W, TERM, "exit"),
            reaps(M, W, -TERM),
            OVER,
        ),
        "pool-not-joined",
        ("ended while a task of its Pool made at app.py:8 ran", "pool.join()"),
    ),
    Case("an exception left it open", pool(raises(M, "KeyError", "x"), seen(M, 1))),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_the_ledger_has_against_a_run(case: Case) -> None:
    """One finding of the right kind with the right words, or none at all."""
    found = findings(replay(case.facts))
    assert [one.kind for one in found] == ([case.kind] if case.kind else [])
    for one in found:
        text = "\n".join([one.title, *(": ".join(row) for row in one.evidence), one.cure])
        assert [piece for piece in case.says if piece not in text] == [], text
        assert one.standing == case.standing
        assert one.cure


def test_a_queues_finding_names_its_pipe() -> None:
    """Who knows the waits can tell whether somebody waits for what never comes."""
    (one,) = findings(replay(queue(layout.EV_UNSENT, items=3, sending=False)))
    assert one.things == ("pipe:7",)


def test_a_torn_event_is_no_error() -> None:
    """Fields that are missing, or of the wrong type."""
    kinds = sorted(layout.NOTES)
    bad: list[dict[str, Any]] = [{}, {"owner": 1, "job": "x", "reader": "y", "what": None}]
    facts = [says(M, kind, "", **fields) for kind in kinds for fields in bad]
    findings(replay([*main(), *facts, OVER]))
