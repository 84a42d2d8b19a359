"""What the tests of deaths share: a history, what is to be said of it, and checking that."""

from __future__ import annotations

import itertools
import random
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mpdebug.diagnosis.deaths import explain
from tests.histories import LIB, born, frame, goodbye, main, replay, says, started, submits

if TYPE_CHECKING:
    from mpdebug.model import Death
    from tests.histories import Fact

KILL, TERM, INT = int(signal.SIGKILL), int(signal.SIGTERM), int(signal.SIGINT)
SEGV, ABRT, BUS, XCPU = (
    int(signal.SIGSEGV),
    int(signal.SIGABRT),
    int(signal.SIGBUS),
    int(signal.SIGXCPU),
)

BOOTSTRAP = frame(f"{LIB}/multiprocessing/process.py", 314, "_bootstrap")
RUN = frame(f"{LIB}/multiprocessing/process.py", 108, "run")
POOL = frame(f"{LIB}/multiprocessing/pool.py", 125, "worker")
SPAWN = frame(f"{LIB}/multiprocessing/spawn.py", 131, "_main")
PREPARE = frame(f"{LIB}/multiprocessing/spawn.py", 297, "_fixup_main_from_path")
RETURNED = goodbye("MainProcess", "returned")
SEGFAULT = f"""\
Fatal Python error: Segmentation fault

Current thread 0x00007f8eeda47b80 (most recent call first):
  File "{LIB}/ctypes/__init__.py", line 519 in string_at
  File "/home/me/app.py", line 5 in work
  File "{LIB}/multiprocessing/process.py", line 108 in run
  File "{LIB}/multiprocessing/process.py", line 314 in _bootstrap
  File "{LIB}/multiprocessing/popen_fork.py", line 71 in _launch
  File "/home/me/app.py", line 7 in <module>
"""
UNGUARDED = """
        An attempt has been made to start a new process before the
        current process has finished its bootstrapping phase."""


@dataclass(frozen=True)
class Case:
    """A history, and what is to be said of it."""

    title: str
    facts: list[Fact]
    name: str = ""  # who died; empty: nobody
    kind: str = ""
    cause: str = ""
    bad: bool = True
    says: dict[str, str] = field(default_factory=dict)  # label → words in its text
    silent: tuple[str, ...] = ()  # labels that are not there


def pool(*facts: Fact) -> list[Fact]:
    """A Pool of one worker whose map was submitted in app.py:9."""
    return [
        *main(),
        born("W", "pool worker"),
        started("MainProcess", "W", where="/home/me/app.py:8"),
        submits("MainProcess", "pool", 0, "Pool.map", "/home/me/app.py:9"),
        *facts,
    ]


def executor(*facts: Fact, method: str = "fork") -> list[Fact]:
    """An executor of one worker."""
    return [
        *main(),
        born("W", "executor worker", method),
        started("MainProcess", "W", method),
        submits(
            "MainProcess", "executor:0", 0, "ProcessPoolExecutor.submit", "/home/me/x.py:3"
        ),
        says("MainProcess", "owned", "W", owner="executor:0"),
        *facts,
    ]


def worker(*facts: Fact, method: str = "fork", **who: object) -> list[Fact]:
    """A main process and one Process."""
    return [*main(), born("W", "worker", method, **who), started("MainProcess", "W"), *facts]


WAITS = "Pool.map at app.py:9 waits for ever"


def said(death: Death) -> dict[str, str]:
    """The details by label."""
    return dict(death.detail)


def of(deaths: list[Death], name: str) -> Death:
    """The death of that process."""
    found = [death for death in deaths if death.process.name == name]
    assert len(found) == 1, [death.process.name for death in deaths]
    return found[0]


def check(case: Case) -> None:
    """The history yields the death that is told; no other is bad but the main process's."""
    deaths = explain(replay(case.facts))
    if not case.name:
        assert deaths == []
        return
    death = of(deaths, case.name)
    assert (death.kind, death.cause, death.bad) == (case.kind, case.cause, case.bad)
    details = said(death)
    for label, words in case.says.items():
        assert words in details.get(label, ""), details
    assert not set(case.silent) & set(details), details
    others = [one for one in deaths if one is not death and one.bad]
    assert [one for one in others if one.process.role != "main"] == []


def check_in_all_orders(case: Case) -> None:
    """Whatever order the facts are read in, the same deaths come out."""
    expected = explain(replay(case.facts))
    places = list(range(len(case.facts)))
    if len(places) <= 5:
        orders = [list(order) for order in itertools.permutations(places)]
    else:
        chance = random.Random(7)
        orders = [chance.sample(places, len(places)) for _ in range(60)]
    for order in orders:
        assert explain(replay(case.facts, order)) == expected
