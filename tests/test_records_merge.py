"""The merge of record files: order, damage, gaps, bounds."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from mpdebug.observer import merge as merging
from mpdebug.observer.merge import Merge
from mpdebug.rundir import layout
from tests.record_files import SECOND, Writer, record

if TYPE_CHECKING:
    from pathlib import Path

    from mpdebug.observer.merge import Entry

pytestmark = pytest.mark.once


class Clock:
    """CLOCK_MONOTONIC that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def add(merge: Merge, writer: Writer) -> Writer:
    merge.add(writer.key, str(writer.folder / layout.RECORDS))
    return writer


def drain(merge: Merge) -> list[Entry]:
    """Everything, as at the end of a run."""
    for key in merge.sources:
        merge.touch(key)
    found = merge.take(last=True)
    while merge.behind:
        found += merge.take(last=True)
    return found


def events(entries: list[Entry]) -> list[str]:
    return [json.loads(line)["event"] for _, _, line, _ in entries]


def test_a_finished_run_comes_out_in_exact_order(tmp_path: Path) -> None:
    """However the files are read, no line stands before one that was written earlier."""
    chance = random.Random(7)
    merge = Merge()
    for number in range(9):
        writer = add(merge, Writer(tmp_path, 10 + number, f"w{number}"))
        mono, lines = SECOND, []
        for n in range(4000):
            mono += chance.randrange(1, 2_000_000 * (number + 1))
            lines.append(record(mono, n, f"{number}:{n}", pad="x" * chance.randrange(300)))
        writer.raw(b"".join(lines))
    found = drain(merge)
    monos = [mono for mono, *_ in found]
    assert len(found) == 36_000
    assert monos == sorted(monos)


def test_lines_are_held_back_for_the_window(tmp_path: Path, clock: Clock) -> None:
    """A line is released when the window has passed, and then before a younger one."""
    merge = Merge(window=0.05, clock=clock)
    one, two = (add(merge, Writer(tmp_path, pid, str(pid))) for pid in (1, 2))
    one.log("second", clock.now - 1000)
    assert merge.take([one.key, two.key]) == []
    two.log("first", clock.now - 2000)
    clock.now += SECOND // 20
    assert events(merge.take([two.key])) == ["first", "second"]
    assert merge.due() is None


def test_a_file_that_is_behind_holds_the_others_back(tmp_path: Path, clock: Clock) -> None:
    """Old lines that were not read yet come before young ones that were."""
    merge = Merge(clock=clock)
    old, young = (add(merge, Writer(tmp_path, pid, str(pid))) for pid in (1, 2))
    old.raw(b"".join(record(SECOND + n, n, f"old {n}", pad="x" * 500) for n in range(3000)))
    young.log("young", 2 * SECOND)
    found = merge.take([old.key, young.key])
    rounds = 0
    while merge.behind:
        found += merge.take()
        rounds += 1
    found += merge.take()
    assert rounds
    assert len(found) == 3001
    assert events(found)[-1] == "young"


def test_a_torn_line_keeps_its_place_and_its_text(tmp_path: Path) -> None:
    """What is left of a record that was cut off is told where it belongs, marked."""
    merge = Merge()
    writer, other = (add(merge, Writer(tmp_path, pid, str(pid))) for pid in (1, 2))
    whole = record(SECOND, 0, "it was here that", keys={"a": {"b": 1}})
    writer.raw(whole[: whole.index(b"was") + 3] + b"\n" + record(3 * SECOND, 1, "later"))
    other.log("between", 2 * SECOND)
    found = drain(merge)
    assert events(found) == ["it was", "between", "later"]
    assert "cut off" in json.loads(found[0][2])["marked"]


def test_a_record_cut_off_behind_an_inner_brace_is_seen(tmp_path: Path) -> None:
    """It ends with `}` like a whole one, and is no JSON all the same."""
    merge = Merge()
    writer = add(merge, Writer(tmp_path, 1, "w"))
    whole = record(SECOND, 0, "cut", keys={"a": 1})
    writer.raw(whole[:-2] + b"\n" + record(2 * SECOND, 1, 'a lone { and a "'))
    found = drain(merge)
    assert "cut off" in json.loads(found[0][2])["marked"]
    assert events(found) == ["cut", 'a lone { and a "']


def test_the_last_line_of_a_killed_process_is_told(tmp_path: Path) -> None:
    """It has no newline: whole if only that is missing, else marked."""
    merge = Merge()
    one, two = (add(merge, Writer(tmp_path, pid, str(pid))) for pid in (1, 2))
    one.raw(record(SECOND, 0, "whole")[:-1])
    two.raw(record(2 * SECOND, 0, "torn")[:-9])
    found = drain(merge)
    assert [("marked" in json.loads(line)) for _, _, line, _ in found] == [False, True]


def test_a_number_that_is_cut_off_is_not_believed(tmp_path: Path) -> None:
    """A torn `mono` would be a thousand times too small: the line goes where it was found."""
    merge = Merge()
    writer = add(merge, Writer(tmp_path, 1, "w"))
    writer.log("first", 5 * SECOND)
    writer.raw(b'{"time":1732305600.000000,"mono":60\n')
    found = drain(merge)
    assert [mono for mono, *_ in found] == [5 * SECOND, 5 * SECOND]
    assert json.loads(found[1][2])["marked"] == "not a record"


def test_garbage_is_told_and_ends_nothing(tmp_path: Path) -> None:
    """Zeros, half a UTF-8 character, other people's JSON: each is one marked record."""
    merge = Merge()
    writer = add(merge, Writer(tmp_path, 1, "w"))
    writer.raw(b"\0" * 5000 + b"\n\xc3\n[1, 2]\n" + b'{"event": "no time"}\n')
    writer.log("after", SECOND)
    found = [json.loads(line) for _, _, line, _ in drain(merge)]
    assert [said["marked"] for said in found[:4]] == ["not a record"] * 4
    assert found[4]["event"] == "after"
    assert "(5000 bytes)" in found[0]["event"]


def test_a_gap_in_the_numbers_is_told_once(tmp_path: Path, clock: Clock) -> None:
    """Records that were written nowhere are missed, with the name of their process."""
    merge = Merge(name_of=lambda _: "Worker-2", clock=clock)
    writer = add(merge, Writer(tmp_path, 1, "w"))
    writer.log("one", clock.now)
    writer.count += 3
    writer.log("five", clock.now + 10)
    writer.log("six", clock.now + 20)
    clock.now += SECOND
    said = events(merge.take([writer.key]))
    assert said == ["one", "3 records of Worker-2 are missing", "five", "six"]
    writer.log("seven", clock.now)
    clock.now += SECOND
    assert events(merge.take([writer.key])) == ["seven"]


def test_threads_may_write_their_numbers_out_of_order(tmp_path: Path, clock: Clock) -> None:
    """A number that comes a little later than the next one is not missing."""
    merge = Merge(clock=clock)
    writer = add(merge, Writer(tmp_path, 1, "w"))
    writer.raw(record(clock.now, 1, "b") + record(clock.now + 2, 2, "c"))
    assert merge.take([writer.key]) == []
    writer.raw(record(clock.now + 1, 0, "a"))
    clock.now += SECOND
    assert events(merge.take([writer.key])) == ["b", "a", "c"]
    assert events(drain(merge)) == []


def test_a_line_that_is_later_than_the_window_comes_out_and_widens_it(
    tmp_path: Path, clock: Clock
) -> None:
    """On an overloaded machine the window grows; after a stop (Ctrl-Z) it does not."""
    merge = Merge(window=0.05, clock=clock)
    writer = add(merge, Writer(tmp_path, 1, "w"))
    assert merge.take() == []
    writer.log("late", clock.now - SECOND // 4)
    assert events(merge.take([writer.key])) == ["late"]
    grown = merge.window
    assert grown > SECOND // 5
    writer.log("was stopped", clock.now - 60 * SECOND)
    assert events(merge.take([writer.key])) == ["was stopped"]
    assert merge.window == grown


def test_a_file_that_is_cut_or_removed_is_read_on(tmp_path: Path) -> None:
    """Somebody emptied a file, or deleted it: what is written afterwards is read."""
    merge = Merge()
    writer = add(merge, Writer(tmp_path, 1, "w"))
    writer.log("before " + "x" * 200, SECOND)
    assert len(drain(merge)) == 1
    path = writer.folder / layout.RECORDS
    path.write_bytes(b"")
    writer.log("after", 2 * SECOND)
    assert events(drain(merge)) == ["after"]
    path.unlink()
    assert drain(merge) == []


def test_a_record_of_ten_megabytes_is_one_line(tmp_path: Path, clock: Clock) -> None:
    """It is read in pieces, and others do not wait for ever."""
    merge = Merge(clock=clock)
    big, small = (add(merge, Writer(tmp_path, pid, str(pid))) for pid in (1, 2))
    big.log("x" * 10_000_000, SECOND)
    small.log("small", SECOND - 1)
    found = merge.take([big.key, small.key])
    while merge.behind:
        found += merge.take()
    found += merge.take()
    assert [len(line) > 1_000_000 for _, _, line, _ in found] == [False, True]


def test_what_is_held_in_memory_does_not_grow_with_the_backlog(tmp_path: Path) -> None:
    """A reader that is far behind holds a batch of each file, not the files."""
    merge = Merge()
    most = 0
    for pid in range(1, 5):
        lines = [record(SECOND * n + pid, n, "x" * 1000) for n in range(3000)]
        add(merge, Writer(tmp_path, pid, str(pid))).raw(b"".join(lines))
    total = len(merge.take(last=True))
    while merge.behind:
        most = max(most, merge.held)
        total += len(merge.take(last=True))
    assert total == 12_000
    assert most * 1000 < 5 * merging.READ_MOST


def test_a_process_that_ended_is_forgotten_when_its_file_was_read(tmp_path: Path) -> None:
    """Nothing is kept of it, and nothing of it is lost."""
    merge = Merge()
    writer = add(merge, Writer(tmp_path, 1, "w"))
    writer.log("last words", SECOND)
    merge.end(writer.key)
    assert events(merge.take()) == ["last words"]
    assert not merge.sources
    merge.end(writer.key)
    merge.touch(writer.key)
