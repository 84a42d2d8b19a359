"""Functions and modules of Python's own that a program replaces, has twice, or looks at."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Both

SUBINTERPRETER = """
import _interpreters
one = _interpreters.create()
print(_interpreters.exec(one, '''
from __future__ import division
import __future__, fcntl, json, logging
logging.getLogger().warning(json.dumps(__future__.all_feature_names[:1]))
'''))
"""


def test_a_mock_gets_no_call_of_ours_and_hides_nothing(both: Both) -> None:
    """Who mocks os.getpid or fcntl is observed as ever: one main, all records, all ends."""
    _, ours = both(program("mocks_os.py"), options=["--keep"])
    told = [(one["pid"], one["event"]) for one in ours.records]
    (main,) = [one.pid for one in ours.run.processes if one.role == "main"]
    assert (main, "who am I?") in told
    assert [event for pid, event in told if pid != main] == ["child one", "child two"]
    raised = [one.goodbye.raised for one in ours.run.processes if one.goodbye]
    assert sorted(one.message for one in raised if one) == ["one", "two"]


def test_functions_of_os_look_as_without_us(both: Both) -> None:
    """Their signature, type, text, pickle and copies."""
    both(program("looks_at_functions.py"), stderr=True)


@pytest.mark.parametrize("module", ["fcntl", "_json", "__future__", "linecache"])
def test_a_module_of_that_name_beside_the_script_is_not_run_for_us(
    both: Both, tmp_path: Path, module: str
) -> None:
    """The program does not import it, nor do we: at a fork, at a record, at an exception."""
    if module in sys.builtin_module_names:
        pytest.skip("no file can stand for it in this Python")
    (tmp_path / f"{module}.py").write_text("print('mine'); raise SystemExit(5)\n")
    script = tmp_path / "app.py"
    script.write_text(
        "import os, sys\n"
        "pid = os.fork()\n"
        "print('child' if pid == 0 else os.waitpid(pid, 0)[1], flush=True)\n"
    )
    both(script, stderr=True, cwd=tmp_path)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="_interpreters is of Python 3.13")
def test_another_interpreter_in_the_process_has_its_own_modules(both: Both) -> None:
    """We stay out of it, and leave nothing of ours in its sys.modules."""
    both("-c", SUBINTERPRETER, stderr=True)


def test_lines_of_frozen_modules_are_not_kept_for_tracebacks(
    both: Both, tmp_path: Path
) -> None:
    """A traceback that the program prints after we described it is as without us."""
    (tmp_path / "fails.py").write_text("1 / 0\n")
    script = tmp_path / "app.py"
    script.write_text(
        "import logging, runpy, sys, traceback\n"
        "try:\n"
        "    runpy.run_path(sys.argv[1])\n"
        "except ZeroDivisionError:\n"
        "    logging.exception('failed')\n"
        "    print(traceback.format_exc())\n"
    )
    both(script, tmp_path / "fails.py")
