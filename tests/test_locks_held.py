"""Who has which lock, since when and taken where, as the processes wrote it down."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.rundir import layout
from mpdebug.rundir.held import RawHold, read_held
from tests.harness import program, read_run
from tests.noted import notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Command, Handshake

pytestmark = pytest.mark.one_way

PROGRAM = program("takes_locks.py")


def line_of(text: str) -> int:
    """The number of the first line of the program that begins with this."""
    lines = Path(PROGRAM).read_text("utf-8").splitlines()
    return next(at for at, line in enumerate(lines, 1) if line.strip().startswith(text))


def place_of(text: str, more: int = 0) -> str:
    """`file:line` of it, or of the line so many below."""
    return f"{PROGRAM}:{line_of(text) + more}"


def start(
    mpdebug: Command, handshake: Callable[[], Handshake], method: str, way: str, *options: str
) -> tuple[Any, Handshake, Path]:
    """The program, when its child says something; the FIFO that lets it go on; the run."""
    ready, go = handshake(), handshake()
    folder = mpdebug.lab.folder / "run"
    words = [f"--run-dir={folder}", *options, PROGRAM, method, way, ready.path, go.path]
    started = mpdebug.start(*words)
    ready.wait()
    return started, go, folder


def folder_of(run: Path, name: str = "taker") -> Path:
    """The folder of the process of this name."""
    mark = f'"name":"{name}"'
    (one,) = [path for path in run.glob("p/*") if mark in (path / "process.json").read_text()]
    return one


def held_by(run: Path) -> list[RawHold]:
    """What the child has."""
    return read_held(str(folder_of(run) / layout.STATE))


def test_all_that_a_killed_process_had_is_known(
    mpdebug: Command, handshake: Callable[[], Handshake], start_method: str
) -> None:
    """Lock, recursive lock, permits, a condition's and a manager's lock, each with its line."""
    started, _, folder = start(mpdebug, handshake, start_method, "everything")
    pid = int(folder_of(folder).name.split("-")[0])
    os.kill(pid, signal.SIGKILL)
    started.finish().ok()
    found = held_by(folder)
    assert {(hold.state, hold.tid) for hold in found} == {("held", pid)}
    lines = {
        said["site"]: f"{Path(said['file']).name}:{said['line']}:{said['function']}"
        for said in notes(read_run(folder), layout.EV_SITE)
        if said["by"] == "taker"
    }
    told = [(lines[hold.site], hold.count, hold.kind) for hold in found]
    expected = [
        ('things["lock"].acquire()', 1, "semaphore"),
        ('with things["rlock"], ', 3, "semaphore"),
        ('things["semaphore"].acquire()', 2, "semaphore"),
        ('with things["condition"]:', 1, "semaphore"),
        ('things["managed"].acquire()', 1, "proxy"),
    ]
    assert told == [
        (f"takes_locks.py:{line_of(text)}:everything", count, kind)
        for text, count, kind in expected
    ]
    since = [hold.since for hold in found]
    assert since == sorted(since)
    assert all(since)
    assert [bool(hold.ident) for hold in found] == [False] * 4 + [True]
    opened = {said["address"] for said in notes(read_run(folder), layout.EV_OPENED)}
    addresses = {hold.address for hold in found if hold.kind == "semaphore"}
    assert (addresses <= opened) == (start_method != "fork")


def test_what_is_given_back_is_not_held(
    mpdebug: Command, handshake: Callable[[], Handshake], start_method: str
) -> None:
    """Every way of taking and giving back, also by another thread and in vain."""
    started, go, folder = start(mpdebug, handshake, start_method, "given_back")
    found = held_by(folder)
    go.say()
    started.finish().ok()
    assert found == []
    assert notes(read_run(folder), layout.EV_LEFT, layout.EV_NOT_OWNED) == []


@pytest.mark.parametrize("options", [(), ("--waits=owner",)], ids=["full", "owner"])
def test_errors_look_as_without_us(
    plain: Command,
    mpdebug: Command,
    handshake: Callable[[], Handshake],
    options: tuple[str, ...],
) -> None:
    """Tracebacks of a signal handler that raises in a lock, and of one release too many."""
    texts = []
    for command, words in ((plain, ()), (mpdebug, options)):
        said = ""
        for way in ("interrupted", "given_back"):
            ready, go = handshake(), handshake()
            go.say()
            done = command(*words, PROGRAM, "fork", way, ready.path, go.path).ok()
            said += done.err
        texts.append(said)
    assert texts[0].count("Traceback") == 4
    assert texts[0] == texts[1]


def test_a_lock_of_another_process(
    mpdebug: Command, handshake: Callable[[], Handshake], start_method: str
) -> None:
    """It is given back here, and another is left taken at the end: both are told."""
    started, _, folder = start(mpdebug, handshake, start_method, "taken_over")
    started.finish().ok()
    (strange,) = notes(read_run(folder), layout.EV_NOT_OWNED)
    assert strange["by"] == "taker"
    assert strange["where"] == place_of('things["lock"].release()')
    left = {said["by"]: said["where"] for said in notes(read_run(folder), layout.EV_LEFT)}
    assert left == {
        "MainProcess": place_of('if way == "taken_over"', 1),
        "taker": place_of('things["rlock"].acquire()'),
    }
    assert [hold.state for hold in held_by(folder)] == ["held"]


def test_the_order_of_two_locks_is_told_once(
    mpdebug: Command, handshake: Callable[[], Handshake], start_method: str
) -> None:
    """One in the other, thrice; what cannot wait makes no order."""
    started, _, folder = start(mpdebug, handshake, start_method, "in_order")
    started.finish().ok()
    (order,) = notes(read_run(folder), layout.EV_ORDER)
    line = place_of("with first, second:")
    assert (order["first_where"], order["second_where"]) == (line, line)
    assert order["first"] != order["second"]
    assert order["thread"] == "MainThread"


@pytest.mark.parametrize(("record", "count"), [("owner", 4), ("off", 0)])
def test_less_is_recorded_where_less_is_asked_for(
    mpdebug: Command, handshake: Callable[[], Handshake], record: str, count: int
) -> None:
    """`--waits=owner`: of a Lock no time and no line; `--waits=off`: nothing at all."""
    started, go, folder = start(mpdebug, handshake, "fork", "everything", f"--waits={record}")
    found = held_by(folder)
    go.say()
    started.finish()
    assert len(found) == count + (1 if count else 0)
    if found:
        assert (found[0].since, found[0].site, found[0].state) == (0, 0, "held")
    else:
        assert notes(read_run(folder), layout.EV_SITE, layout.EV_OPENED) == []


def test_a_handler_that_raises_in_the_middle_leaves_no_lie(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """Hundreds of times, at any instruction: the record says what the semaphore itself says."""
    started, go, _ = start(mpdebug, handshake, "fork", "disturbed")
    go.say()
    started.finish().ok()
