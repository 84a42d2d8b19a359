"""Data that is lost without anybody's waiting: told by the line, and only where it is so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from mpdebug.diagnosis import data
from mpdebug.diagnosis.deaths import explain
from tests.harness import program
from tests.marks import marked

if TYPE_CHECKING:
    from mpdebug.model_waits import Finding
    from tests.harness import Command

pytestmark = pytest.mark.once

PLACE = re.compile(r"\.py:(\d+)")
LOSES = program("loses_data.py")
SEGMENTS = program("uses_segments.py")
USES_UP = program("uses_up_files.py")
SHORT = program("dies_of_a_short_segment.py")
BESIDE = program("forks_beside_threads.py")


def lines(found: list[Finding], kind: str) -> list[int]:
    """The lines that the findings of this kind name first."""
    titles = [one.title for one in found if one.kind == kind]
    return sorted(int(at[1]) for title in titles if (at := PLACE.search(title)))


def test_lost_updates_and_copies_are_told_by_their_line(
    mpdebug: Command, start_method: str
) -> None:
    """What two workers do unlocked is told, each line once; the locked is not."""
    done = mpdebug("--keep", LOSES, start_method).ok()
    found = data.findings(done.run)
    for kind in ("lost-update", "copy-changed"):
        assert lines(found, kind) == marked(LOSES, kind), found
    assert all("w-0, w-1" in one.title for one in found if one.kind == "lost-update")
    [value] = [one for one in found if "value.value += 1" in one.title]
    assert (value.certainty, value.standing) == ("suspected", False)
    assert "with value.get_lock():" in value.cure
    [copy] = [one for one in found if ".append(1)" in one.title]
    assert 'table["xs"].append(1) changes a copy: the list' in copy.title
    rest = [one for one in found if one.kind not in ("lost-update", "copy-changed")]
    # From 3.14 on the forkserver imports the main module, and forks its children from that.
    if start_method == "fork" or (start_method == "forkserver" and rest):
        same = rest.pop()
        [drawn] = marked(LOSES, "same-random-numbers")
        assert (same.kind, same.certainty) == ("same-random-numbers", "proved")
        assert len(same.processes) == 2
        assert ("drawn at", f"{LOSES}:{drawn}") in same.evidence
    assert rest == []


@pytest.mark.once
def test_only_the_first_uses_are_looked_at(mpdebug: Command) -> None:
    """After some thousand uses the originals stand again; a forked child begins anew."""
    done = mpdebug(program("uses_much.py")).ok()
    assert done.out.splitlines() == [
        "main True True False False",
        "child True True False False",
    ]


def test_shared_memory_that_nobody_frees_is_told(mpdebug: Command, start_method: str) -> None:
    """Leaked, or unlinked by a visitor's tracker: with their line; the freed is not."""
    done = mpdebug("--keep", SEGMENTS, start_method).ok()
    found = data.findings(done.run)
    for kind in ("shared-memory-unlinked", "shared-memory-leaked"):
        assert lines(found, kind) == marked(SEGMENTS, kind), found
    assert len(found) == 2
    [leaked] = [one for one in found if one.kind == "shared-memory-leaked"]
    assert "2 segments (800 bytes)" in leaked.title


@pytest.mark.parametrize("limit", [40, pytest.param(530, marks=pytest.mark.once)])
def test_used_up_descriptors_are_counted_by_kind(mpdebug: Command, limit: int) -> None:
    """The last thing that a process without descriptors can say is what has them all."""
    done = mpdebug("--keep", USES_UP, "fork", str(limit))
    [found] = data.findings(done.run)
    [at] = marked(USES_UP, "HERE")
    assert found.kind == "descriptors-used-up"
    assert f"its {limit} descriptors at {USES_UP}:{at}" in found.title
    assert any("sentinels of finished Process objects" in text for _, text in found.evidence)


def test_a_fork_beside_threads_is_noted_in_the_child(mpdebug: Command) -> None:
    """With the thread's name and line; a Pool's own threads are no reason."""
    run = mpdebug("--keep", BESIDE).ok().run
    told = {
        one.name: note for one in run.processes for note in one.notes if "beside" in note.kind
    }
    assert set(told) == {"beside"}
    [thread] = told["beside"].said["threads"]
    [at] = marked(BESIDE, "HERE")
    assert (thread["name"], thread["where"]) == ("holder", f"{BESIDE}:{at}")


def test_a_segment_that_is_too_short_is_named(mpdebug: Command) -> None:
    """Of a death by SIGBUS the parent tells which segment it was, before it unlinks it."""
    run = mpdebug("--keep", SHORT, "fork").ok().run
    [death] = [one for one in explain(run) if one.process.name == "writer"]
    details = dict(death.detail)
    [at] = marked(SHORT, "HERE")
    assert f"dies_of_a_short_segment.py:{at} in work" in details["at"]
    assert re.search(r"psm_\w+ is 100 bytes now, and 102,400 are mapped", details["memory"])
