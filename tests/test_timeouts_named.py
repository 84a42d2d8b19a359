"""Time-outs of the program that strike while somebody stands at a breakpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from mpdebug.agent import process
from mpdebug.agent import timeouts as agent
from mpdebug.diagnosis.deaths import explain
from mpdebug.diagnosis.timeouts import cut_short, delayed
from mpdebug.observer.stops import living_stops
from mpdebug.rundir import layout
from mpdebug.views import timeouts as view
from tests.diagnosed import KILL, TERM, of, pool, said
from tests.harness import program, until
from tests.histories import (
    CWD,
    SECOND,
    born,
    goodbye,
    lives,
    main,
    reaps,
    replay,
    says,
    seen,
    sends,
    started,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Both, Command, Handshake
    from tests.histories import Fact

W, M = "W", "MainProcess"
ABORT = 6
PLACE = {"why": "breakpoint", "file": f"{CWD}/app.py", "line": 42, "function": "step"}


def stops(name: str, at: float, n: int = 0, **more: Any) -> Fact:
    """A thread of this process stops, so many ms after the beginning."""
    return says(name, layout.EV_STOPPED, n=n, at=at, **{**PLACE, "reported": False, **more})


def goes_on(name: str, at: float, n: int = 0, how: str = "continue") -> Fact:
    """Its stop is released."""
    return says(name, layout.EV_RELEASED, n=n, how=how, at=at)


def strikes(name: str, at: float, seconds: float, **more: Any) -> Fact:
    """A time-out of this process's own strikes."""
    begin = SECOND + int((at - seconds * 1000) * 1_000_000)
    event = {"call": "Queue.get", "where": f"{CWD}/app.py:31", "thread": "MainThread", **more}
    return says(name, layout.EV_TIMEOUT, seconds=seconds, begin=begin, at=at, **event)


def workers(*names: str) -> list[Fact]:
    """A main process and its workers, all alive."""
    each = [(born(name), started(M, name), lives(name)) for name in names]
    return [*main(), *(fact for one in each for fact in one)]


@dataclass(frozen=True)
class Case:
    """A history; who is said to have stood how long (s) of a time-out, and how many more."""

    title: str
    facts: list[Fact]
    told: tuple[tuple[str, float, int], ...] = ()


CASES = [
    Case("nobody stood", [strikes(M, 6000, 5)]),
    Case("one stands there still", [stops(W, 1200), strikes(M, 6000, 5)], ((W, 4.8, 0),)),
    Case("its end came first", [stops(W, 500), goes_on(W, 900), strikes(M, 6000, 5)]),
    Case("less than a tenth", [stops(W, 100), goes_on(W, 1499), strikes(M, 6000, 5)]),
    Case("a tenth", [stops(W, 100), goes_on(W, 1500), strikes(M, 6000, 5)], ((W, 0.5, 0),)),
    Case(
        "a second of a long one",
        [stops(W, 30_000), goes_on(W, 31_000), strikes(M, 61_000, 60)],
        ((W, 1.0, 0),),
    ),
    Case("it began afterwards", [strikes(M, 6000, 5), stops(W, 6001)]),
    Case("a report stops nobody", [stops(W, 1200, reported=True), strikes(M, 6000, 5)]),
    Case("at that very prompt", [stops(W, 1000, thread="T"), strikes(W, 6000, 5, thread="T")]),
    Case(
        "another thread of the same process",
        [stops(W, 2000, thread="T"), strikes(W, 6000, 5)],
        ((W, 4.0, 0),),
    ),
    Case(
        "the one that stood longest, and how many more",
        [stops("V", 4000), stops(W, 2000), strikes(M, 6000, 5), strikes(M, 9000, 0.1)],
        ((W, 4.0, 1), (W, 0.1, 1)),
    ),
    Case(
        "it died at its prompt",
        [stops(W, 2000), seen(W, -KILL, at=4000), strikes(M, 6000, 5)],
        ((W, 2.0, 0),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_time_out_is_joined_with_who_stood_meanwhile(case: Case) -> None:
    """A tenth of the time, or a second of it, in another process or thread of the run."""
    found = delayed(replay([*workers(W, "V"), *case.facts]))
    told = tuple((one.stander.name, round(one.overlap / 1e9, 2), one.others) for one in found)
    assert told == case.told


def drawn(what: Any, width: int = 200) -> str:
    """What a view draws, without colour."""
    console = Console(width=width, no_color=True, highlight=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def test_the_sentence_names_call_place_stop_and_seconds() -> None:
    """All that a person has to know is in one line, also of several processes at once."""
    call = "Pool.apply_async(...).get"
    facts = [stops("V", 1200), strikes(M, 6000, 5, call=call), strikes(W, 6001, 5, call=call)]
    found = delayed(replay([*workers(W, "V"), *facts]))
    first = (
        "MainProcess: Pool.apply_async(...).get(timeout=5) at app.py:31 timed out; "
        "V stood at a breakpoint (app.py:42) for 4.8 s of it"
    )
    assert drawn(view.notice(found[:1], CWD)) == f"mpdebug: {first}\n"
    assert "MainProcess and 1 more: Pool" in drawn(view.notice(found, CWD))


# Processes that are ended while they stand.


def killed(*more: Fact) -> list[Fact]:
    """A Pool worker that is terminated 2 s after it stopped."""
    return pool(
        stops(W, 1000),
        *more,
        sends(M, W, TERM, "Pool.terminate", f"{CWD}/app.py:50", at=3000),
        reaps(M, W, -TERM, at=3010),
    )


def test_a_death_tells_where_it_stood() -> None:
    """Killed at its prompt: the report has the place and how long; released before: not."""
    death = of(explain(replay(killed())), W)
    assert said(death)["stood"] == "at a breakpoint at app.py:42 for 2.0 s"
    released = of(explain(replay(killed(goes_on(W, 2000)))), W)
    assert "stood" not in said(released)
    bad = pool(stops(W, 1000), seen(W, -KILL, at=4000))
    labels = [label for label, _ in of(explain(replay(bad)), W).detail]
    assert labels.index("stood") > labels.index("sent by")


def test_a_stop_that_the_program_cut_short_is_named() -> None:
    """terminate() at a prompt is told, with who sent what; one that had gone on is not."""
    [told] = cut_short(replay(killed()))
    assert drawn(view.cut_short([told], CWD)) == (
        f"mpdebug: W (pid {told.process.pid}) stood at a breakpoint (app.py:42) for 2.0 s "
        f"when MainProcess (pid {told.process.ppid}) sent it SIGTERM by Pool.terminate "
        "at app.py:50\n"
    )
    assert cut_short(replay(killed(goes_on(W, 2000)))) == []
    assert cut_short(replay(pool(stops(W, 1000), seen(W, -KILL, at=4000)))) == []


def test_a_server_that_misses_its_worker_is_told_with_the_cure() -> None:
    """SIGABRT comes, the handler for it raises at the prompt, and the worker ends with 0."""
    arbiter = "/v/lib/python3.13/site-packages/gunicorn/arbiter.py:807"
    facts = [
        *main(),
        born(W, "fork"),
        stops(W, 1000),
        sends(M, W, ABORT, "os.kill", arbiter, at=3000),
        goes_on(W, 3001, how="exception"),
        goodbye(W, "returned", at=3005),
        reaps(M, W, 0, at=3010),
    ]
    [told] = cut_short(replay(facts))
    text = drawn(view.cut_short([told], CWD))
    assert "for 2.0 s when MainProcess" in text
    assert "sent it SIGABRT by os.kill at gunicorn/arbiter.py:807" in text
    assert "gunicorn --timeout 0" in text


# In the program.


def events(run: Path, kind: str) -> list[dict[str, Any]]:
    """The events of this kind of a run, in the order of time."""
    lines = [
        json.loads(line)
        for path in run.glob(f"p/*/{layout.EVENTS}")
        for line in path.read_bytes().splitlines()
    ]
    found = [event for event in lines if event["kind"] == kind]
    return sorted(found, key=lambda event: event["mono"])


CALLS = [
    "Pool.apply_async(...).get",
    "Pool.map_async(...).get",
    "Pool.imap(...).next",
    "Pool.imap_unordered(...).next",
    "Queue.get",
    "Queue.get",
    "sleeper.join",
    "Future.result",
    "Executor.map",
]


def test_time_outs_are_told_when_they_strike(
    mpdebug: Command, handshake: Callable[[], Handshake], tmp_path: Path
) -> None:
    """Each way to wait with a time-out is named once; a task's own TimeoutError is none."""
    go, last, run = handshake(), handshake(), tmp_path / "run"
    script = program("times_out.py")
    running = mpdebug.start("--run-dir", str(run), script, go.path, last.path)
    until(lambda: living_stops(str(run)), "a worker stands")
    go.say()
    done = running.finish().ok()
    struck = events(run, layout.EV_TIMEOUT)
    assert [event["call"] for event in struck] == CALLS, done
    assert {event["seconds"] for event in struck} == {0.05}
    source = Path(script).read_text().splitlines()
    lines = [int(event["where"].rpartition(":")[2]) for event in struck]
    assert all("0.05" in source[line - 1] for line in lines)
    flat = " ".join(done.err.split())
    for call in CALLS:
        assert f"MainProcess: {call}(timeout=0.05) at " in flat, done
    assert flat.count("timed out;") == len(CALLS), done
    assert "sent it SIGTERM by Pool.terminate" in flat, done
    assert (run / layout.STOOD).exists()


def test_nothing_is_written_where_nobody_stood(
    both: Both, handshake: Callable[[], Handshake], tmp_path: Path
) -> None:
    """Without a stop: no event; tracebacks and signatures are those of the plain program."""
    last, run = handshake(), tmp_path / "run"
    script = program("times_out.py")
    plain, ours = both(script, "", last.path, options=["--run-dir", str(run)])
    assert plain.out.count("Traceback") > len(CALLS)
    assert "(timeout=None)" in ours.out
    assert events(run, layout.EV_TIMEOUT) == []
    assert not (run / layout.STOOD).exists()


def test_a_poll_is_told_once_in_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time-out that strikes at the same place again within a second is not told again."""
    told: list[int] = []

    class Here:
        class settings:  # noqa: N801
            run = str(tmp_path)

        @staticmethod
        def event(kind: str, **fields: Any) -> None:
            assert kind == layout.EV_TIMEOUT
            told.append(fields["begin"])

    class Clock:
        now = 0

        @classmethod
        def mono(cls) -> int:
            return cls.now

    monkeypatch.setattr(process, "here", Here)
    monkeypatch.setattr(agent, "Clock", Clock)
    monkeypatch.setattr(agent, "last", {})
    agent.struck("Queue.get", 0.1)
    assert told == []  # nobody has stood yet
    (tmp_path / layout.STOOD).touch()
    for Clock.now in range(5 * SECOND, 7 * SECOND, SECOND // 10):
        agent.struck("Queue.get", 0.1)
    assert told == [5 * SECOND - SECOND // 10, 6 * SECOND - SECOND // 10]
    agent.struck("Queue.get", 0.1)  # another place
    assert len(told) == 3
