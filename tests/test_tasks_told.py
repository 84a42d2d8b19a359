"""Tasks that fail: told by the worker, by who gets the result, and by who looks at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mpdebug as package
from mpdebug.diagnosis.ledger import findings
from mpdebug.rundir import layout
from tests.harness import program
from tests.noted import notes

if TYPE_CHECKING:
    from mpdebug.model import Run
    from tests.harness import Both, Command

pytestmark = pytest.mark.one_way

PROGRAM = program("loses_tasks.py")


def unlooked(run: Run) -> list[dict[str, Any]]:
    """Failed results that nobody saw and no callback was told of."""
    seen = {(one["owner"], one["job"]) for one in notes(run, layout.EV_LOOKED)}
    failed = notes(run, layout.EV_FAILED_RESULT)
    return [
        one for one in failed if not one["watched"] and (one["owner"], one["job"]) not in seen
    ]


@pytest.mark.parametrize("kind", ["pool", "executor"])
def test_every_way_to_look_is_looking(both: Both, start_method: str, kind: str) -> None:
    """get, map, imap in both ways, callbacks, successful; result, exception, map."""
    _, done = both(PROGRAM, kind, start_method, options=["--keep"])
    assert notes(done.run, layout.EV_FAILED_RESULT)
    assert unlooked(done.run) == []
    assert findings(done.run) == []
    failed = notes(done.run, layout.EV_TASK_FAILED)
    assert {"cannot do 0", "cannot do 1", "cannot do 2"} <= {one["message"] for one in failed}
    assert all(one["where"].endswith("loses_tasks.py:14") for one in failed)
    assert all("in fails" in one["text"] for one in failed)


def test_who_swallows_the_failures_of_a_pool(mpdebug: Command) -> None:
    """Three apply_async without get, and a map_async: where they came from, what they said."""
    done = mpdebug("--keep", PROGRAM, "swallows", "fork").ok()
    lost = unlooked(done.run)
    said = [one["message"] for one in lost]
    assert said[:3] == ["cannot do 0", "cannot do 1", "cannot do 2"]
    assert len(said) == 4  # of the map the first of its failures that came
    assert {one["type"] for one in lost} == {"ValueError"}
    rows = notes(done.run, layout.EV_SUBMITTED)
    last = [row for row in rows if row["first"] <= lost[0]["job"]][-1]
    assert (last["call"], last["pool"]) == ("Pool.apply_async", lost[0]["owner"])
    pool = notes(done.run, layout.EV_POOL)
    assert [one["what"] for one in pool] == ["made", "closed", "joined", "terminated"]
    assert pool[0]["size"] == 2
    assert pool[1]["left"] == 0
    owned = [one for one in done.run.processes if one.role == layout.POOL_WORKER]
    assert len(owned) == 2


def test_who_forgets_a_future(mpdebug: Command) -> None:
    """To wait for a future is not to look at it."""
    done = mpdebug("--keep", PROGRAM, "forgets", "fork").ok()
    (lost,) = unlooked(done.run)
    assert (lost["message"], lost["owner"]) == ("cannot do 3", "executor:0")
    calls = {row["call"] for row in notes(done.run, layout.EV_SUBMITTED)}
    assert calls == {"ProcessPoolExecutor.submit", "ProcessPoolExecutor.map"}


def test_an_exception_that_cannot_be_unpickled_ends_a_pools_thread(
    mpdebug: Command, start_method: str
) -> None:
    """Which thread it was, why it died, and in the worker the real exception."""
    done = mpdebug("--keep", PROGRAM, "dies", start_method).ok()
    (died,) = notes(done.run, layout.EV_HANDLER_DIED)
    assert (died["owner"], died["what"]) == ("pool:0", "_handle_results")
    assert died["message"].startswith("BadRow.__init__() missing")
    assert f"{Path(package.__file__).parent}/" not in died["text"]
    (failed,) = notes(done.run, layout.EV_TASK_FAILED)
    assert (failed["type"], failed["message"]) == ("BadRow", "bad row 1 in users")


def test_an_executor_that_breaks_says_why(both: Both) -> None:
    """The cause, the future that gets BrokenProcessPool, and the submit that is refused."""
    _, done = both(PROGRAM, "breaks", "fork", options=["--keep"])
    (died,) = notes(done.run, layout.EV_HANDLER_DIED)
    assert (died["what"], died["type"]) == ("broken", "TypeError")
    assert "missing 1 required" in died["message"]
    assert unlooked(done.run) == []
    (mistake,) = notes(done.run, layout.EV_MISTAKE)
    assert mistake["type"].endswith("BrokenProcessPool")
    assert mistake["where"].endswith("loses_tasks.py:33")


def test_an_exception_that_cannot_be_sent_leaves_its_traceback(both: Both) -> None:
    """The program sees a MaybeEncodingError only; the worker told the real one before."""
    _, done = both(PROGRAM, "encodes", "fork", options=["--keep"])
    first, second = notes(done.run, layout.EV_TASK_FAILED)
    assert (first["message"], first["job"]) == ("with a lock", second["job"])
    assert "in unsendable" in first["text"]
    assert second["type"].endswith("MaybeEncodingError")


def test_failures_without_end_are_counted(mpdebug: Command) -> None:
    """A hundred are told, then their number each time it has doubled."""
    done = mpdebug("--keep", PROGRAM, "many", "fork").ok()
    for kind in (layout.EV_TASK_FAILED, layout.EV_FAILED_RESULT):
        numbers = [one["number"] for one in notes(done.run, kind)]
        assert numbers == [*range(1, 101), 128, 256]
