"""A script in a pipeline whose reader goes away: `script.py | head`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from tests.harness import Lab

pytestmark = pytest.mark.real

PIPE = '"$@" | head -n 3; echo "status ${PIPESTATUS[0]}"'


@pytest.mark.parametrize("how", ["ignored", "default", "main-only"])
def test_a_script_piped_through_head(lab: Lab, how: str) -> None:
    """Whatever the script does about SIGPIPE: same lines, same status, same traceback."""
    script = [program("real_head.py"), how]
    plain = lab.start(["bash", "-c", PIPE, "bash", sys.executable, *script]).finish()
    under = [sys.executable, "-m", "mpdebug", *script]
    ours = lab.start(["bash", "-c", PIPE, "bash", *under]).finish()
    assert ours.out == plain.out
    assert plain.out.startswith("line 0\nline 1\nline 2\nstatus ")
    assert ours.err.startswith(plain.err)
