"""Fixtures for all tests; the pieces are in `harness` and `leftovers`."""

from __future__ import annotations

import itertools
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests import leftovers
from tests.harness import START_METHODS, Both, Command, Handshake, Lab
from tests.terminals import AtTerminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COUNT = itertools.count()

# Where pytest was started by `nohup` or by a script with `&`, these are ignored, and so they
# would be in every program that a test starts: none would end at Ctrl-C.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, usual)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See the marker `one_way`."""
    for item in items:
        method = getattr(item, "callspec", None) and item.callspec.params.get("start_method")  # type: ignore[attr-defined]
        if method in {"spawn", "forkserver"} and item.get_closest_marker("one_way"):
            item.add_marker(pytest.mark.once)


@pytest.fixture(autouse=True, scope="session")
def no_runs_of_the_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands that run in this process see no run but the tests'."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(params=START_METHODS)
def start_method(request: pytest.FixtureRequest) -> str:
    """Each start method of multiprocessing in turn."""
    return str(request.param)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The test's folder, and what it started."""
    return Lab(tmp_path, f"{os.getpid()}-{next(COUNT)}")


@pytest.fixture
def mpdebug(lab: Lab) -> Command:
    """Run `python -m mpdebug …` in a child: `mpdebug(program("x.py"), "argument")`."""
    return Command(lab, ("-m", "mpdebug"))


@pytest.fixture
def plain(lab: Lab) -> Command:
    """Run `python …` in a child, without us."""
    return Command(lab, ())


@pytest.fixture
def both(plain: Command, mpdebug: Command) -> Both:
    """Run plainly and under mpdebug, and compare stdout and exit status."""
    return Both(plain, mpdebug)


@pytest.fixture
def handshake(tmp_path: Path) -> Iterator[Callable[[], Handshake]]:
    """Make FIFOs between the test and its program."""
    made: list[Handshake] = []

    def make() -> Handshake:
        made.append(Handshake(tmp_path / f"fifo-{len(made)}"))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def at_terminal(lab: Lab) -> Iterator[Callable[..., AtTerminal]]:
    """Start programs under mpdebug, each at a terminal: `at_terminal("x.py", "argument")`."""
    made: list[AtTerminal] = []

    def start(*words: str, ci: str | None = None) -> AtTerminal:
        made.append(AtTerminal(lab, *words, ci=ci))
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.fixture(autouse=True)
def leaves_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test: no process, shared memory or unannounced run folder is left behind.

    A run folder may stay if its path was printed: that is how the person learns of it. A test
    that kills the supervisor or a whole tree says `@pytest.mark.leaves("run", "shm")`.
    """
    if "lab" not in request.fixturenames:
        yield
        return
    lab: Lab = request.getfixturevalue("lab")
    before = leftovers.shared_memory()
    yield
    for each in lab.started:
        each.close()
    allowed = {word for mark in request.node.iter_markers("leaves") for word in mark.args}
    found = []
    pids = lab.processes()
    if not all(leftovers.gone(pid, leftovers.PATIENCE) for pid in pids):
        pids = lab.processes()
        found += [leftovers.portrait(pid, abort=True) for pid in pids]
        leftovers.kill(pids)
    names = leftovers.unmapped(leftovers.shared_memory() - before)
    if names and "shm" not in allowed:
        found.append(f"in {leftovers.SHM}: {sorted(names)}")
    if "run" not in allowed:
        said = b"".join(each.said["stdout"] + each.said["stderr"] for each in lab.started)
        found += [
            f"a run folder that no one was told of: {run}"
            for run in leftovers.runs(lab.state_home)
            if str(run).encode() not in said
        ]
    if found:
        pytest.fail("left behind:\n" + "\n".join(found), pytrace=False)
