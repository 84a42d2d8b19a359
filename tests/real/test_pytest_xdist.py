"""`python -m mpdebug -m pytest -n 2`: the same report, and every worker's records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.harness import program
from tests.real.needs import need
from tests.real.test_pools import is_python

if TYPE_CHECKING:
    from tests.harness import Command, Finished

pytestmark = pytest.mark.real

SUITE = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--import-mode=importlib")


def report(done: Finished) -> str:
    """What pytest printed, without what differs from run to run: times, order, which worker."""
    return re.sub(r"in \d+\.\d+s|\bgw\d\b|^[.F]{8} ", "…", done.out, flags=re.MULTILINE)


def test_a_suite_on_two_workers(plain: Command, mpdebug: Command) -> None:
    """Eight tests, one of which fails: same report, same status, eight records."""
    need("xdist")
    suite = program("xdist_suite")
    expected = plain(*SUITE, suite, cwd=suite)
    ours = mpdebug("--keep", *SUITE, suite, cwd=suite)
    assert (report(ours), ours.status) == (report(expected), expected.status)
    assert expected.status == 1
    records = [record for record in ours.records if record["event"] == "tested"]
    assert sorted(record["keys"]["number"] for record in records) == list(range(8))
    assert len({record["pid"] for record in records}) == 2
    assert [each for each in ours.run.processes if not each.observed and is_python(each)] == []
