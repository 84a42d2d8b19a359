"""Captured output: whole lines with the name in front, whatever the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mpdebug.observer.output import LINE_MOST, OutputHandler, Printed, last_state
from mpdebug.observer.records import RecordListener
from mpdebug.rundir import layout
from tests.record_files import Heard, Writer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once


class Streams:
    """Our stdout and stderr, and the handler that writes to them."""

    def __init__(self) -> None:
        self.all: list[tuple[str, bytes]] = []
        self.handler = OutputHandler(
            lambda data: self.all.append(("out", data)),
            lambda data: self.all.append(("err", data)),
        )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_lines_get_their_name_and_go_where_they_went(tmp_path: Path) -> None:
    """From stdout to stdout, from stderr to stderr, as bytes: they need not be UTF-8."""
    streams = Streams()
    writer = Writer(tmp_path, 11, "Worker-1")
    writer.raw(b"hello\n\xff\xfe\n", layout.OUT)
    writer.raw(b"oops\n", layout.ERR)
    RecordListener(str(tmp_path), streams.handler, follow=False).run()
    assert sorted(streams.all) == [
        ("err", b"Worker-1 | oops\n"),
        ("out", b"Worker-1 | hello\n"),
        ("out", b"Worker-1 | \xff\xfe\n"),
    ]


def test_a_last_line_without_newline_comes_at_the_end(tmp_path: Path) -> None:
    """When its process has ended, or when the run has."""
    streams, heard = Streams(), Heard()
    one, two = Writer(tmp_path, 11, "w1"), Writer(tmp_path, 12, "w2")
    with RecordListener(str(tmp_path), streams.handler, heard):
        one.raw(b"no newline", layout.OUT)
        two.raw(b"nor here", layout.OUT)
        one.log("said")
        heard.wait_for("said")
        assert streams.all == []
        (tmp_path / layout.EXITS).write_text('{"pid": 11, "start": 7}\n')
        two.log("more")
        heard.wait_for("more")
    assert streams.all == [("out", b"w1 | no newline\n"), ("out", b"w2 | nor here\n")]


def test_a_progress_bar_is_one_line(file: Path) -> None:
    """The states that were written over are not told; Windows line ends are no states."""
    printed = Printed(str(file))
    file.write_bytes(b"10%\r20%\r30%")
    assert printed.read() == ([], False)
    with file.open("ab") as more:
        more.write(b"\r100%\nplain\r\n\r\n")
    assert printed.read()[0] == [b"100%", b"plain", b""]
    assert last_state(b"a\rb\r") == b"b"


def test_a_line_without_end_is_shown_in_pieces(file: Path) -> None:
    """It does not fill the memory."""
    printed = Printed(str(file))
    file.write_bytes(b"x" * (3 * LINE_MOST + 5))
    found, more = printed.read()
    assert [len(line) for line in found] == [LINE_MOST] * 3
    assert not more
    assert printed.end() == [b"x" * 5]


def test_a_long_file_is_read_to_its_end(tmp_path: Path) -> None:
    """A megabyte between two looks is all told, in order."""
    streams = Streams()
    Writer(tmp_path, 11, "w").raw(b"".join(b"%d\n" % n for n in range(200_000)), layout.OUT)
    RecordListener(str(tmp_path), streams.handler, follow=False).run()
    assert [data for _, data in streams.all] == [b"w | %d\n" % n for n in range(200_000)]


def test_a_file_that_its_program_cut_is_read_on(file: Path) -> None:
    """What is written after the cut is told."""
    printed = Printed(str(file))
    file.write_bytes(b"before, and long\n")
    assert printed.read()[0] == [b"before, and long"]
    file.write_bytes(b"after\n")
    assert printed.read()[0] == [b"after"]
    file.unlink()
    assert printed.read() == ([], False)


def test_nothing_is_read_without_capture(tmp_path: Path) -> None:
    """Where no handler wants output the files are left alone, and records come as ever."""
    heard = Heard()
    writer = Writer(tmp_path, 11, "w")
    writer.raw(b"hello\n", layout.OUT)
    writer.log("said")
    RecordListener(str(tmp_path), heard, follow=False).run()
    assert heard.events == ["said"]
