"""Pools of workers, of the standard library and of others: same results, every worker seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness import program
from tests.real.needs import need

if TYPE_CHECKING:
    from mpdebug.model import Process
    from tests.harness import Both, Finished

pytestmark = pytest.mark.real

TASKS = 24


def is_python(process: Process) -> bool:
    """Whether we had to see it (some packages ask `uname` on the way)."""
    return "python" in process.executable or "python" in "".join(process.argv[:1])


def check(ours: Finished) -> None:
    """Each task was logged by the process that ran it, and all processes are known."""
    tasks = [record for record in ours.records if record["event"] == "task"]
    assert sorted(record["keys"]["number"] for record in tasks) == list(range(TASKS))
    assert [r for r in tasks if r["pid"] != r["keys"]["pid"]] == []
    run = ours.run
    assert {record["pid"] for record in tasks} <= {each.pid for each in run.processes}
    assert [each for each in run.processes if not each.observed and is_python(each)] == []


@pytest.mark.parametrize("kind", ["Pool", "ProcessPoolExecutor", "Process"])
def test_the_standard_library(both: Both, kind: str, start_method: str) -> None:
    """A Pool, an executor and bare processes give the same under each start method."""
    _, ours = both(program("real_stdlib.py"), kind, start_method, options=["--keep"])
    check(ours)
    methods = {each.method for each in ours.run.processes if "worker" in each.role}
    assert methods == {start_method}


def test_joblib_with_loky(both: Both) -> None:
    """Joblib's default backend, which execs interpreters of its own."""
    need("joblib")
    _, ours = both(program("real_joblib.py"), options=["--keep"])
    check(ours)


def test_dask_local_cluster(both: Both) -> None:
    """A Dask cluster with worker processes behind nannies."""
    need("distributed")
    _, ours = both(program("real_dask.py"), options=["--keep"], deadline=50)
    check(ours)


def test_billiard(both: Both) -> None:
    """Celery's fork of multiprocessing, known by its own names."""
    need("billiard")
    _, ours = both(program("real_billiard.py"), options=["--keep"])
    check(ours)
    workers = [each for each in ours.run.processes if each.name.startswith("ForkPoolWorker")]
    assert {each.target for each in workers} == {"billiard.pool.Worker"}  # a callable object


@pytest.mark.parametrize("kind", ["Pool", "Process"])
def test_multiprocess(both: Both, start_method: str, kind: str) -> None:
    """Multiprocess (dill) runs lambdas; the agent follows it by every start method."""
    need("multiprocess")
    _, ours = both(program("real_multiprocess.py"), start_method, kind, options=["--keep"])
    check(ours)
