"""faulthandler's reports, whole and cut off, of several versions of Python."""

from __future__ import annotations

import pytest

from mpdebug.diagnosis import faults

WHOLE = """\
Fatal Python error: Segmentation fault

Thread 0x00007f8eecd066c0 [Thread-1 (sleep] (most recent call first):
  File "/usr/lib/python3.15/threading.py", line 1160 in run
  File "/usr/lib/python3.15/threading.py", line 1180 in _bootstrap

Current thread 0x00007f8eeda47b80 [python] (most recent call first):
  File "/usr/lib/python3.15/ctypes/__init__.py", line 610 in string_at
  File "/home/me/my app.py", line 5 in <lambda>

Current thread's C stack trace (most recent call first):
  Binary file "/usr/bin/python", at _Py_DumpStack+0x4a [0x49fbd4]
  Binary file "/usr/bin/python" [0x564775]

Extension modules: _cffi_backend (total: 1)
"""


def test_the_stack_is_that_of_the_thread_that_failed() -> None:
    """Other threads stand first in the report; the failing one is taken, innermost last."""
    fault = faults.parse(WHOLE)
    assert fault is not None
    assert fault.reason == "Segmentation fault"
    assert [(one.file, one.line, one.function) for one in fault.frames] == [
        ("/home/me/my app.py", 5, "<lambda>"),
        ("/usr/lib/python3.15/ctypes/__init__.py", 610, "string_at"),
    ]


def test_the_c_stack_is_kept_apart() -> None:
    """3.14 and newer write the C stack below; its lines are no frames of Python."""
    fault = faults.parse(WHOLE)
    assert fault is not None
    assert [line.rpartition(" ")[2] for line in fault.c_stack] == ["[0x49fbd4]", "[0x564775]"]


def test_the_last_of_several_reports_counts() -> None:
    """A process can live through one fault (a handler of its own) and die of the next."""
    fault = faults.parse(WHOLE + WHOLE.replace("Segmentation fault", "Bus error"))
    assert fault is not None
    assert fault.reason == "Bus error"
    assert len(fault.frames) == 2


def test_stacks_that_were_asked_for_are_no_fault() -> None:
    """A dump on request has no headline and explains no death."""
    assert faults.parse(WHOLE.partition("\n\n")[2]) is None
    assert faults.parse("") is None


@pytest.mark.parametrize("size", range(0, len(WHOLE), 7))
def test_a_report_that_was_cut_off_gives_what_is_whole(size: int) -> None:
    """The writer may die in the middle of a word; what was whole before is read."""
    fault = faults.parse(WHOLE[:size])
    if fault is not None:
        assert "Segmentation fault".startswith(fault.reason)
        assert len(fault.frames) <= 2
