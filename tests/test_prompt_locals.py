"""What is assigned at a prompt is what the program goes on with, on every version of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Command

TEXT = """
def outer():
    plain, cell = 1, 1
    inner = lambda: cell
    breakpoint()
    print(plain, cell, inner())

outer()
"""


def test_locals_that_are_changed_at_the_prompt_stay_changed(
    mpdebug: Command, tmp_path: Path
) -> None:
    """A local, and one that a closure shares; looking at them in between changes nothing."""
    script = tmp_path / "script.py"
    script.write_text(TEXT)
    commands = "!plain = 2;;p plain;;!cell = 3;;p vars();;c"
    assert mpdebug("--script", commands, script).ok().out == "2 3 3\n"
