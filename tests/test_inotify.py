"""What the kernel tells of changed files, counted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from mpdebug.rundir import inotify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is of Linux")

SHORT, MIDDLE, LONG = "events", "sixteen-letters-", "a-name-of-more-than-sixteen-letters.jsonl"


@pytest.fixture
def source(tmp_path: Path) -> Iterator[inotify.Inotify]:
    """What tells of files that are made and written in a folder."""
    source = inotify.Inotify()
    source.add(str(tmp_path), inotify.CREATE | inotify.MODIFY)
    yield source
    source.close()


@pytest.mark.parametrize("names", [(SHORT,), (LONG,), (SHORT, LONG), (MIDDLE, SHORT), ("ü",)])
def test_each_file_is_told_by_its_name(
    source: inotify.Inotify, tmp_path: Path, names: tuple[str, ...]
) -> None:
    """Whatever the length of the names, which decides how the events lie in memory."""
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    told = source.read()
    assert [(mask, name) for _, mask, name in told] == [
        (mask, name) for name in names for mask in (inotify.CREATE, inotify.MODIFY)
    ]
    assert source.read() == {}


def test_events_of_one_file_are_counted(source: inotify.Inotify, tmp_path: Path) -> None:
    """Two writers in turns: the kernel folds equal events only where they are neighbours."""
    with (
        (tmp_path / SHORT).open("wb", buffering=0) as one,
        (tmp_path / "records.jsonl").open("wb", buffering=0) as other,
    ):
        for _ in range(100):
            one.write(b"x")
            other.write(b"x")
    told = {(mask, name): count for (_, mask, name), count in source.read().items()}
    assert told == {
        (inotify.CREATE, SHORT): 1,
        (inotify.CREATE, "records.jsonl"): 1,
        (inotify.MODIFY, SHORT): 100,
        (inotify.MODIFY, "records.jsonl"): 100,
    }
