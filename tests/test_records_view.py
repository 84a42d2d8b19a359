"""Records as lines for the terminal: columns, widths, safety, folding, what is hidden."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from typing import Any

import pytest
from rich.cells import cell_len

from mpdebug.observer.terminal import TerminalHandler
from mpdebug.observer.who import Who
from mpdebug.views import colours, tracebacks
from mpdebug.views.records import RecordView, samples
from tests.record_files import record

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The times in these tests are UTC's."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def said(event: object = "saved rows", level: str = "INFO", **keys: Any) -> dict[str, Any]:
    """A record as the view gets it."""
    head = {"time": 1732305601.123456, "level": level, "logger": "app.db", "event": event}
    return {**head, **keys}


def shown(*records: dict[str, Any], width: int | None = None, name: str = "Worker-3") -> str:
    view = RecordView(colour=False, width=width)
    return "".join(view.line(one, [name]) for one in records)


def test_the_columns_are_time_process_level_logger_event_keys() -> None:
    """One line for one record, in columns, with its keys behind."""
    line = shown(said(keys={"rows": 3, "table": "users"}), name="ForkPoolWorker-3")
    assert line.split() == [
        *("20:00:01.123", "ForkPoolWorker-3", "INFO", "app.db", "saved", "rows"),
        *("rows=3", "table=users"),
    ]


def test_names_and_loggers_line_up() -> None:
    """The columns grow with the widest name seen, and not without bound."""
    view = RecordView(colour=False, width=None)
    names = ["MainProcess", "a-very-long-name-of-a-process-17", "Worker-1"]
    lines = [view.line(said(), [name]) for name in names]
    assert lines[1].index("INFO") == lines[2].index("INFO") < 40
    assert "-17 " in lines[1]


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Records of all kinds fit; what does not fit goes on below the name, not at the edge."""
    view = RecordView(colour=False, width=width)
    for one, names in samples():
        for line in view.line(one, names).splitlines():
            assert cell_len(line) <= width
    for line in view.line(said("日本語の記録 " * 40), ["w"]).splitlines():
        assert cell_len(line) <= width


def test_colours_change_nothing_but_the_colours() -> None:
    """With colour and without the text is the same, and NO_COLOR leaves no sequence."""
    for width in (80, 120, None):
        plain, coloured = (RecordView(colour=c, width=width) for c in (False, True))
        for one, names in samples():
            bare = plain.line(one, names)
            assert "\x1b[" not in bare
            assert ESCAPE.sub("", coloured.line(one, names)) == bare


def test_a_process_has_one_colour_and_its_neighbour_another() -> None:
    """The colour follows from the name, so it is the same in every view and terminal."""
    codes = [colours.code_of(f"ForkPoolWorker-{number}") for number in range(1, 9)]
    assert len(set(codes)) == 8
    assert colours.code_of("ForkPoolWorker-3") == codes[2]
    assert "\x1b[31m" not in codes
    assert colours.style_of("MainProcess") == "bold"


def test_a_record_cannot_move_the_cursor_or_fake_a_line() -> None:
    """Control characters are shown, in every part that the program chooses."""
    evil = "\x1b[2J\x1b[1A\r\x9b\x07\u202e\udc80\x00"
    text = shown(
        said(
            f"a{evil}\n12:00:00.000  MainProcess  INFO",
            evil,
            logger=evil,
            keys={evil: evil, "k": [evil]},
            exception={"text": f"E: {evil}"},
            stack=evil,
        ),
        name=evil,
    )
    assert all(char.isprintable() or char == "\n" for char in text)
    first, second, *_ = text.splitlines()
    assert second.startswith(" " * 14 + "12:00:00.000")
    text.encode()
    assert "\\x1b[2J" in first


def test_keys_may_have_any_name() -> None:
    """Also those that the renderer takes for its own."""
    names = ["stack", "exception", "exc_info", "event", "level", "time", "", "\0time", "a b"]
    text = shown(said(keys=dict.fromkeys(names, 5)))
    assert text.count("=5") == len(names)


def test_long_values_are_bounded_and_say_so() -> None:
    """Ten megabytes do not fill the screen."""
    text = shown(
        said("x" * 10_000_000, keys={"k": "y" * 9000, "l": list(range(9000))}), width=80
    )
    assert len(text) < 1500
    assert "characters)" in text
    many = shown(said("\n".join(map(str, range(500)))), width=80)
    assert len(many.splitlines()) < 30
    assert "… (+480 lines)" in many


def test_an_event_may_be_anything() -> None:
    """An event of structlog need not be text, nor need a key be there."""
    assert "{'a': 1}" in shown(said({"a": 1}))
    assert shown({}).strip()
    assert shown({"time": "x", "level": None, "keys": 3, "exception": "?"}).strip()


def test_a_traceback_stands_below_its_record() -> None:
    """Indented, whole, and with what was raised last."""
    lines = shown(*(one for one, _ in samples() if "exception" in one)).splitlines()
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    KeyError: 'total'"


def test_a_long_traceback_loses_its_middle() -> None:
    """Sixty frames: the first five and the last fifteen, and how many are left out."""
    frames = [f'  File "/a.py", line {n}, in f\n    f()\n    ~^^' for n in range(60)]
    head, last = "Traceback (most recent call last):", "E: x"
    text = "\n".join([head, *frames, last, "", "During …:", "", head, *frames[:3], last])
    lines = tracebacks.bounded(text)
    assert sum('  File "' in line for line in lines) == 23
    assert "  … 40 frames …" in lines
    assert lines.count(last) == 2


def test_an_exception_without_text_is_made_of_its_frames() -> None:
    """Frames come as lists: file, line, function, source."""
    said = {"type": "E", "message": "no", "frames": [["/a.py", 3, "f", "g()"]]}
    assert tracebacks.of_exception(said)[1:] == [
        '  File "/a.py", line 3, in f',
        "    g()",
        "E: no",
    ]


def test_it_is_quick_enough() -> None:
    """A line takes a few dozen microseconds; ten times that means something is broken."""
    view = RecordView(colour=True, width=120)
    one = said(keys={"rows": 3, "table": "users"})
    best = min(_seconds(view, one) for _ in range(5))
    assert best < 600e-6


def _seconds(view: RecordView, one: dict[str, Any]) -> float:
    began = time.perf_counter()
    for _ in range(200):
        view.line(one, ["ForkPoolWorker-3"])
    return (time.perf_counter() - began) / 200


def test_the_view_shows_itself() -> None:
    """`python -m mpdebug.views.records` prints samples."""
    command = [sys.executable, "-m", "mpdebug.views.records"]
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ})
    assert b"ForkPoolWorker \xc3\x978" in done.stdout
    assert done.stderr == b""


# What the terminal's handler shows, and when.


class Screen:
    """A terminal handler that writes `names: event` into a list."""

    def __init__(self, **how: Any) -> None:
        self.lines: list[str] = []
        self.now = 100.0
        self.handler = TerminalHandler(
            self.write, lambda record, names: f"{'+'.join(names)}: {record['event']}\n",
            clock=lambda: self.now, **how,
        )  # fmt: skip

    def write(self, text: str) -> None:
        self.lines += text.splitlines()

    def batch(self, *lines: tuple[int, str, float], **keys: Any) -> None:
        """(number of the process, event, seconds) for each record."""
        told = []
        for number, event, at in lines:
            line = record(int(at * 1e9), None, event, **keys).rstrip()
            told.append((line, Who(f"{number}-1-0", number, f"w{number}", "worker")))
        self.handler.emit_lines(told)


def test_equal_records_of_many_processes_are_one_line() -> None:
    """Those that come together, also where two events alternate; others keep their place."""
    screen = Screen()
    screen.batch(
        (1, "a", 0.0), (1, "b", 0.001), (2, "a", 0.002), (2, "b", 0.003), (3, "c", 0.004)
    )
    assert screen.lines == ["w1+w2: a", "w1+w2: b", "w3: c"]


def test_equal_records_of_one_process_are_not_folded() -> None:
    """A loop that says the same thing says it as often as it does."""
    screen = Screen()
    screen.batch((1, "a", 0.0), (1, "a", 0.001), (1, "a", 0.002))
    assert screen.lines == ["w1: a"] * 3


def test_records_that_are_far_apart_are_not_folded() -> None:
    """A finished run is read in large batches: equal lines hours apart are not one event."""
    screen = Screen()
    screen.batch((1, "a", 0.0), (2, "a", 3600.0))
    assert screen.lines == ["w1: a", "w2: a"]


def test_those_that_follow_are_counted_and_told() -> None:
    """When half a second is over, or another line comes: no record goes untold."""
    screen = Screen()
    screen.batch((1, "a", 0.0))
    screen.batch((2, "a", 0.1))
    screen.batch((3, "a", 0.2))
    assert screen.lines == ["w1: a"]
    due = screen.handler.due()
    assert due is not None
    screen.now += due
    screen.handler.tick()
    assert screen.lines == ["w1: a", "w2+w3: a"]
    assert screen.handler.due() is None
    screen.batch((4, "x", 1.0))
    screen.batch((5, "x", 1.1))
    screen.batch((6, "y", 1.2))
    assert screen.lines[2:] == ["w4: x", "w5: x", "w6: y"]
    screen.batch((7, "y", 1.3))
    screen.handler.end()
    assert screen.lines[5:] == ["w7: y"]


def test_records_that_differ_in_a_key_are_not_folded() -> None:
    """`ready id=1` and `ready id=2` say different things."""
    screen = Screen()
    screen.batch((1, "a", 0.0), keys={"id": 1})
    screen.batch((2, "a", 0.0), keys={"id": 2})
    assert screen.lines == ["w1: a", "w2: a"]


def test_folding_can_be_turned_off() -> None:
    """--no-fold shows each."""
    screen = Screen(fold=False)
    screen.batch((1, "a", 0.0), (2, "a", 0.0))
    assert screen.lines == ["w1: a", "w2: a"]


def test_what_the_program_shows_itself_is_hidden() -> None:
    """`auto` hides it, `all` does not, `off` hides everything; a key so named is no sign."""
    found = {}
    for logs in ("auto", "all", "off"):
        screen = Screen(logs=logs)
        screen.batch((1, "a", 0.0), shown=True)
        screen.batch((2, "b", 0.0), keys={"shown": True})
        found[logs] = screen.lines
    assert found == {"auto": ["w2: b"], "all": ["w1: a", "w2: b"], "off": []}


def test_what_another_process_prints_is_hidden_only_then() -> None:
    """A queued record is shown by us unless some process of the run prints what it is sent."""
    screen = Screen()
    screen.batch((1, "a", 0.0), queued=True)
    screen.handler.prints_relayed = True
    screen.batch((1, "b", 0.0), queued=True)
    assert screen.lines == ["w1: a"]


@pytest.mark.parametrize("level", ["warning", "WARNING", "30"])
def test_lower_levels_are_hidden(level: str) -> None:
    """--level takes names and numbers; a level of the program's own is rather shown."""
    screen = Screen(level=level)
    for name in ("INFO", "Level 25", "WARNING", "Level 35", "NOTICE"):
        screen.batch((1, name, 0.0), level=name)
    assert screen.lines == ["w1: WARNING", "w1: Level 35", "w1: NOTICE"]


def test_a_line_that_is_no_json_is_shown() -> None:
    """Whole by its braces and broken inside: shown as it is."""
    screen = Screen()
    line = b'{"time":1732305600.0,"mono":1,"event":"a"b"}'
    screen.handler.emit_line(line, Who("k", 1, "w", ""))
    assert screen.lines == [f"w: {line.decode()}"]
