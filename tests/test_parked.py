"""A main script that waits for Ctrl-C alone is told from one that waits for somebody dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mpdebug.model import Frame
from mpdebug.observer.parked import catches_ctrl_c, until_ctrl_c

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = "/usr/lib/python3.11"
OWN = Frame("/app/serve.py", 3, "main")
EVENT = Frame(f"{LIBRARY}/threading.py", 629, "Event.wait")
CONDITION = Frame(f"{LIBRARY}/threading.py", 327, "Condition.wait")
SHARED = Frame(f"{LIBRARY}/multiprocessing/synchronize.py", 356, "Event.wait")
RESULT = Frame(f"{LIBRARY}/multiprocessing/pool.py", 765, "ApplyResult.wait")
HANDLER = Frame(f"{LIBRARY}/multiprocessing/pool.py", 579, "Pool._handle_results")


@pytest.mark.parametrize(
    ("frames", "beside", "parked"),
    [
        ([OWN, EVENT, CONDITION], [], True),
        ([OWN, EVENT, CONDITION], [[HANDLER]], True),
        ([OWN, EVENT, CONDITION], [[Frame("/app/serve.py", 9, "work")]], False),
        ([OWN, RESULT, EVENT, CONDITION], [], False),
        ([OWN, SHARED], [], False),
        ([OWN, CONDITION], [], False),
        ([], [], False),
    ],
    ids=[
        "alone",
        "with a Pool",
        "beside a thread",
        "a result",
        "shared",
        "no Event",
        "unknown",
    ],
)
def test_an_event_that_nobody_could_set_is_a_wait_for_ctrl_c(
    frames: list[Frame], beside: list[list[Frame]], parked: bool
) -> None:
    """An Event of the process's own, at a line of the program, beside no thread of it."""
    assert until_ctrl_c(frames, beside) == parked


SOURCE = """\
try:
    stop.wait()
except (KeyboardInterrupt, SystemExit):
    pass
try:
    stop.wait()
except ValueError:
    pass
with contextlib.suppress(KeyboardInterrupt):
    stop.wait()
"""


def test_a_line_that_catches_ctrl_c(tmp_path: Path) -> None:
    """By a handler that names it, or by `suppress`; any other `try` says nothing."""
    file = tmp_path / "serve.py"
    file.write_text(SOURCE)
    caught = [line for line in range(1, 12) if catches_ctrl_c(str(file), line)]
    assert caught == [2, 10]
    waits = [Frame(str(file), 2, "main"), SHARED]
    assert until_ctrl_c(waits, [])
    file.with_name("broken.py").write_text("KeyboardInterrupt = (")
    assert not catches_ctrl_c(str(tmp_path / "broken.py"), 1)
    assert not catches_ctrl_c(str(tmp_path / "gone.py"), 1)
