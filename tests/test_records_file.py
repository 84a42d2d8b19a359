"""The merged records as a file of JSON lines: what --log-file writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.observer.jsonfile import JsonLinesHandler
from mpdebug.observer.records import RecordListener
from mpdebug.observer.who import Who
from mpdebug.rundir import layout
from tests.record_files import Writer, record

if TYPE_CHECKING:
    from pathlib import Path

WORKER = Who("11-7-0", 11, "Worker-1", "worker")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def line(event: str) -> bytes:
    return record(5, 0, event)[:-1]


BUSY = """
import os, sys, time
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for n in range(int(sys.argv[2])):
    mono = time.monotonic_ns()
    head = b'{"time":%017.6f,"mono":%d,"n":%d,' % (time.time(), mono, n)
    os.write(fd, head + b'"event":"busy"}\\n')
"""


def test_busy_processes_are_merged_whole_and_in_order(tmp_path: Path, out: Path) -> None:
    """Four processes write as fast as they can while we read: nothing is lost or turned."""
    handler = JsonLinesHandler(str(out))
    with RecordListener(str(tmp_path), handler, window=0.5):
        programs = []
        for pid in range(1, 5):
            writer = Writer(tmp_path, pid, f"w{pid}")
            path = str(writer.folder / layout.RECORDS)
            programs.append(subprocess.Popen([sys.executable, "-c", BUSY, path, "5000"]))
        assert [program.wait(60) for program in programs] == [0] * 4
    handler.close()
    said = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert len(said) == 20_000
    assert [one["mono"] for one in said] == sorted(one["mono"] for one in said)
    assert {one["process"] for one in said} == {"w1", "w2", "w3", "w4"}
    names = [list(one) for one in said]
    assert all(one[0] == "time" and one[-2:] == ["pid", "process"] for one in names)


def test_it_is_added_to(out: Path) -> None:
    """A file that is there keeps what it holds; the name may be anything."""
    for name in ("Worker-1", 'a "name"\n\udc80'):
        handler = JsonLinesHandler(str(out))
        handler.emit_line(line("x"), Who("11-7-0", 11, name, ""))
        handler.close()
        handler.emit_line(line("closed"), WORKER)
    said = [json.loads(one) for one in out.read_bytes().splitlines()]
    assert [one["process"] for one in said] == ["Worker-1", 'a "name"\n\udc80']
    assert next(iter(said[0])) == "time"


def test_a_descriptor_stays_open(out: Path) -> None:
    """Standard output is written to and not closed."""
    with out.open("wb") as file:
        handler = JsonLinesHandler(file.fileno())
        handler.emit_line(line("x"), WORKER)
        handler.close()
        os.fstat(file.fileno())
    assert json.loads(out.read_bytes())["pid"] == 11


def test_a_full_disk_is_told_once_and_counted(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written is left out, no line is left half, and then it goes on."""
    told: list[str] = []
    handler = JsonLinesHandler(str(out), told.append)
    real, room = os.write, [10]

    def full(fd: int, data: Any) -> int:
        if fd != handler._fd:
            return real(fd, data)
        if not room[0]:
            raise OSError(28, "No space left on device")
        done = real(fd, bytes(data)[: room[0]])
        room[0] -= done
        return done

    monkeypatch.setattr(os, "write", full)
    handler.emit_lines([(line("lost"), WORKER), (line("lost too"), WORKER)])
    handler.emit_line(line("and this"), WORKER)
    room[0] = 1 << 20
    handler.emit_line(line("kept"), WORKER)
    handler.close()
    monkeypatch.undo()
    events = [json.loads(one)["event"] for one in out.read_bytes().splitlines()]
    assert events == ["3 records could not be written", "kept"]
    assert told == [f"cannot write {out}: No space left on device; records are left out"]


def test_a_device_that_is_full_ends_nothing() -> None:
    """A real ENOSPC, which nothing can be taken back from."""
    told: list[str] = []
    handler = JsonLinesHandler("/dev/full", told.append)
    for _ in range(3):
        handler.emit_line(line("lost"), WORKER)
    handler.close()
    assert len(told) == 1
