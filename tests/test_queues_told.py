"""What queues are made of, and which of their items never arrive."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mpdebug.diagnosis.ledger import findings
from mpdebug.rundir import layout
from tests.harness import program
from tests.noted import notes

if TYPE_CHECKING:
    from tests.harness import Both, Command, Finished

pytestmark = pytest.mark.one_way

PROGRAM = "puts_in_queues.py"
LOST = (layout.EV_DROPPED, layout.EV_UNSENT, layout.EV_EMPTY_LIED)


def run(mpdebug: Command, *words: str) -> Finished:
    """Run the program under us and keep the run."""
    return mpdebug("--keep", program(PROGRAM), *words).ok()


def test_an_item_that_cannot_be_pickled_is_told(mpdebug: Command, start_method: str) -> None:
    """Also where the producer is about to end, and Python often says nothing about it."""
    done = run(mpdebug, start_method, "drops")
    (dropped,) = notes(done.run, layout.EV_DROPPED)
    assert dropped["by"] == "drops"
    assert "<lambda>" in dropped["message"]
    made = notes(done.run, layout.EV_QUEUE)
    assert {one["reader"] for one in made} == {dropped["reader"]}
    assert made[0]["where"].endswith(f"{PROGRAM}:79")


def test_items_that_os_exit_loses_are_counted(mpdebug: Command, start_method: str) -> None:
    """A thousand items were put, the process ends at once: what its queue did not send."""
    done = run(mpdebug, start_method, "exits")
    (unsent,) = notes(done.run, layout.EV_UNSENT)
    assert unsent["by"] == "exits"
    assert 800 < unsent["items"] + unsent["sending"] <= 1000


def test_a_queue_that_is_not_empty_is_told_once(both: Both) -> None:
    """`empty()` says True while the queue's thread is busy with what was put before."""
    ways = [both.plain.lab.folder / f"fifo-{number}" for number in range(2)]
    for way in ways:
        os.mkfifo(way)
    plain = both.plain(program(PROGRAM), "fork", "lie", str(ways[0])).ok()
    done = run(both.mpdebug, "fork", "lie", str(ways[1]))
    assert plain.out == done.out == "True\nTrue\n0 2\n"
    (lie,) = notes(done.run, layout.EV_EMPTY_LIED)
    assert lie["where"].endswith(f"{PROGRAM}:46")


def test_queues_in_good_use_say_nothing(both: Both, start_method: str) -> None:
    """Drained queues of all three kinds, and an os._exit beside them."""
    _, done = both(program(PROGRAM), start_method, "healthy", options=["--keep"])
    assert notes(done.run, *LOST) == []
    assert findings(done.run) == []
    made = notes(done.run, layout.EV_QUEUE)
    own = [one for one in made if "where" in one]
    assert [one["what"] for one in own] == ["Queue", "JoinableQueue", "SimpleQueue"]
    assert own[0]["size"] == 5
    assert len(own[1]["cond"]) == 4
    rebuilt = {one["reader"] for one in made if one.get("rebuilt")}
    there = {one["reader"] for one in own[:2]}
    assert rebuilt == (set() if start_method == "fork" else there)
