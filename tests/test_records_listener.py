"""The listener: a real QueueListener over a run folder."""

from __future__ import annotations

import logging
import logging.config
import logging.handlers
import queue
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.observer import changes
from mpdebug.observer.records import RecordListener
from mpdebug.observer.stream import RecordStream
from mpdebug.rundir import inotify, layout
from tests.harness import until
from tests.record_files import Heard, Writer, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mpdebug.observer.merge import Entry
    from mpdebug.observer.who import Who

pytestmark = pytest.mark.once


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run" / layout.PROCESSES).mkdir(parents=True)
    return tmp_path / "run"


@pytest.fixture(params=["inotify", "looking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of learning that something changed."""
    if request.param == "looking":

        def none() -> None:
            raise OSError("no inotify")

        monkeypatch.setattr(inotify, "Inotify", none)
        monkeypatch.setattr(changes, "LOOK_EVERY", 0.02)
    return str(request.param)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def no_threads_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def listen(run: Path, *handlers: Any, **how: Any) -> RecordListener:
    return RecordListener(str(run), *handlers, **how)


def read(run: Path, *handlers: Any) -> None:
    """Read a finished run."""
    listen(run, *handlers, follow=False).run()


@pytest.mark.usefixtures("way", "no_threads_left")
def test_records_of_processes_that_come_later_are_heard(run: Path, heard: Heard) -> None:
    """Each process's lines come, with its name, whether it was there before us or not."""
    one = Writer(run, 11, "Worker-1")
    one.log("early")
    with listen(run, heard):
        heard.wait_for("early")
        two = Writer(run, 12, "Worker-2")
        two.log("late")
        heard.wait_for("late")
        one.log("again")
        heard.wait_for("again")
    assert [who.name for _, who in heard.lines] == ["Worker-1", "Worker-2", "Worker-1"]


@pytest.mark.usefixtures("way")
def test_stop_reads_everything_that_was_written_before_it(run: Path, heard: Heard) -> None:
    """The last words are not lost, however short before `stop` they were written."""
    writer = Writer(run, 11, "w")
    for turn in range(20):
        listener = listen(run, heard)
        listener.start()
        for _ in range(50):
            writer.log(f"{turn}")
        writer.raw(b'{"time":1732305600.0,"mono":')
        Writer(run, 1000 + turn, "new").log(f"new {turn}")
        listener.stop()
        assert heard.events.count(f"{turn}") == 50
        assert f"new {turn}" in heard.events
        heard.lines.clear()
        writer.raw(b"1}\n")
        heard = Heard()


def test_an_idle_run_does_not_wake_us(run: Path, heard: Heard, monkeypatch: Any) -> None:
    """When nothing is written nobody looks: the thread sleeps in the kernel."""
    writer = Writer(run, 11, "w")
    writer.log("one")
    listener = listen(run, heard)
    looks = []
    batch = RecordStream.batch

    def counted(self: RecordStream, timeout: float | None = None) -> list[Entry]:
        looks.append(1)
        return batch(self, timeout)

    monkeypatch.setattr(RecordStream, "batch", counted)
    with listener:
        heard.wait_for("one")
        until(lambda: is_asleep_for(looks, 1.0), "it goes to sleep")
        writer.log("two")
        heard.wait_for("two")


def is_asleep_for(looks: list[int], seconds: float) -> bool:
    before = len(looks)
    threading.Event().wait(seconds)
    return len(looks) == before


def test_a_raising_handler_does_not_end_the_listening(run: Path, heard: Heard) -> None:
    """It is told once, the other handlers get everything, and so does it later on."""

    class Bad(Heard):
        def emit_line(self, line: bytes, who: Who) -> None:
            super().emit_line(line, who)
            raise ValueError("out of ink")

    writer, bad = Writer(run, 11, "w"), Bad()
    with listen(run, bad, heard):
        for number in range(3):
            writer.log(f"{number}")
        heard.wait_for("2")
    told = [event for event in heard.events if "out of ink" in event]
    assert told == ["Bad raised ValueError: out of ink"]
    assert bad.events == ["0", "1", "2"]


def test_plain_handlers_get_the_records_again(run: Path) -> None:
    """Any logging.Handler works: it gets a LogRecord with the writer's pid, name and extras."""
    writer = Writer(run, 11, "Worker-1")
    writer.log("low", level="DEBUG")
    writer.log(
        "saved 3",
        level="WARNING",
        file="/srv/app/db.py",
        line=31,
        function="save",
        thread="T-1",
        keys={"rows": 3, "name": "not the logger's"},
        exception={"type": "E", "text": "Traceback…\nE: x"},
    )
    buffer = logging.handlers.MemoryHandler(100)
    buffer.setLevel(logging.INFO)
    read(run, buffer)
    (got,) = buffer.buffer
    assert (got.process, got.processName, got.levelno) == (11, "Worker-1", logging.WARNING)
    assert (got.name, got.getMessage(), got.lineno) == ("app", "saved 3", 31)
    assert (got.filename, got.module, got.funcName) == ("db.py", "db", "save")
    assert got.__dict__["rows"] == 3
    assert "E: x" in logging.Formatter().format(got)
    buffer.buffer.clear()


def test_a_plain_queue_listener_can_be_given_the_stream(run: Path) -> None:
    """The standard library's own listener reads a run, and its `stop` drains it."""
    writer = Writer(run, 11, "w")
    buffer = logging.handlers.MemoryHandler(100)
    stream: Any = RecordStream(str(run))
    listener = logging.handlers.QueueListener(stream, buffer)
    listener.start()
    for number in range(10):
        writer.log(f"{number}")
    listener.stop()
    assert [one.getMessage() for one in buffer.buffer] == [f"{n}" for n in range(10)]
    buffer.buffer.clear()
    stream.close()


def test_the_stream_reads_like_a_queue(run: Path) -> None:
    """get, get_nowait, empty, qsize and their exceptions, as queue.Queue has them."""
    stream = RecordStream(str(run))
    assert stream.empty()
    with pytest.raises(queue.Empty):
        stream.get_nowait()
    with pytest.raises(queue.Empty):
        stream.get(timeout=0.01)
    Writer(run, 11, "w").log("one")
    record = stream.get(timeout=10)
    assert record is not None
    assert record.getMessage() == "one"
    stream.task_done()
    assert (stream.qsize(), stream.full()) == (0, False)
    with pytest.raises(TypeError):
        stream.put_nowait("a record")  # type: ignore[arg-type]
    stream.put_nowait(None)
    assert stream.get() is None
    stream.close()


def test_it_starts_once(run: Path) -> None:
    """A second start is refused on every Python, and stop may come twice."""
    listener = listen(run)
    listener.start()
    with pytest.raises(RuntimeError):
        listener.start()
    listener.stop()
    listener.stop()


@pytest.mark.usefixtures("way")
def test_a_removed_run_folder_is_told_once(run: Path, heard: Heard) -> None:
    """The listener goes on and can be stopped."""
    Writer(run, 11, "w").log("one")
    with listen(run, heard):
        heard.wait_for("one")
        shutil.rmtree(run)
        heard.wait_for("the run folder was removed: no more records come")
    assert len(heard.lines) == 2


def test_the_limit_of_watches_does_not_lose_anybody(
    run: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders for which there is no watch left are looked at."""
    add = inotify.Inotify.add

    def few(self: Any, path: str, mask: int) -> int:
        if path.endswith("-0"):
            raise OSError(28, "no space left on device")
        return int(add(self, path, mask))

    monkeypatch.setattr(inotify.Inotify, "add", few)
    monkeypatch.setattr(changes, "LOOK_EVERY", 0.02)
    with listen(run, heard):
        writer = Writer(run, 11, "w")
        writer.log("unwatched")
        heard.wait_for("unwatched")
        writer.log("again")
        heard.wait_for("again")


def test_other_files_that_change_are_told(run: Path, heard: Heard) -> None:
    """Deaths are looked for as soon as something of them is written."""
    told: set[str] = set()
    came = threading.Event()

    def watch(paths: set[str]) -> None:
        told.update(paths)
        if f"p/{writer.key}/exit.json" in told and "exits.jsonl" in told:
            came.set()

    writer = Writer(run, 11, "w")
    with listen(run, heard, watch=watch):
        writer.raw(b"{}", layout.EXIT)
        (run / layout.EXITS).write_text("{}\n")
        assert came.wait(20)
    assert not any("records" in path or path.endswith(".new") for path in told)


def test_a_process_is_forgotten_when_its_end_was_seen(run: Path, heard: Heard) -> None:
    """Its watch and its state go; its last words, torn ones too, were told before."""
    writer = Writer(run, 11, "w")
    writer.log("one")
    with listen(run, heard) as listener:
        heard.wait_for("one")
        writer.raw(record(time.monotonic_ns(), 1, "half a rec")[:-9])
        (run / layout.EXITS).write_text('{"pid": 11, "start": 7}\n')
        heard.wait_until(lambda: b"cut off" in heard.lines[-1][0], 20, "the torn line")
        merge: Any = listener.queue
        assert not merge._merge.sources
        assert writer.key not in merge._changes._watches


def test_a_name_that_comes_late_is_used_from_then_on(run: Path, heard: Heard) -> None:
    """A process learns its name after its first records."""
    writer = Writer(run, 11, "python")
    with listen(run, heard):
        writer.log("one")
        heard.wait_for("one")
        writer.who("ForkPoolWorker-1")
        writer.log("two")
        heard.wait_for("two")
    assert [who.name for _, who in heard.lines] == ["python", "ForkPoolWorker-1"]


@pytest.mark.once
def test_a_thousand_processes_are_all_heard(run: Path, heard: Heard) -> None:
    """A thousand files, ten lines each, none missing, and hardly any memory."""
    for pid in range(1, 1001):
        writer = Writer(run, pid, f"w{pid}")
        writer.raw(b"".join(record(n * 1000 + pid, n, "line") for n in range(10)))
    read(run, heard)
    assert len(heard.lines) == 10_000
    assert len({who.key for _, who in heard.lines}) == 1000


def test_records_are_not_read_where_nobody_wants_them(run: Path) -> None:
    """With --logs off a reader that only watches for deaths leaves the record files alone."""

    class Watching(logging.Handler):
        takes_records = False

        def emit(self, record: logging.LogRecord) -> None:
            raise AssertionError(record)

    writer, told, came = Writer(run, 11, "w"), [set[str]()], threading.Event()

    def watch(paths: set[str]) -> None:
        told[0] |= paths
        came.set()

    with listen(run, Watching(), watch=watch) as listener:
        writer.log("unread")
        writer.raw(b"{}\n", layout.EVENTS)
        assert came.wait(20)
        stream: Any = listener.queue
        assert not stream._merge.sources
    assert not any(layout.RECORDS in path for path in told[0])
