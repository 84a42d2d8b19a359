"""The kernel's out-of-memory killer, in a control group of the test's own (root, Linux)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.asked_why import Asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness import Command, Lab

pytestmark = pytest.mark.one_way

MOST = 300_000_000  # bytes: for the supervisor, the program and a forkserver, not for a hoarder
PROGRAM = Path(__file__).parent / "programs" / "troubles" / "oom_kill.py"

# Where groups are made, and the file in which their limit stands: cgroup v1 and v2.
KINDS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
    (Path("/sys/fs/cgroup"), "memory.max"),
)


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group with little memory; skips where none can be made."""
    for folder, limit in KINDS:
        made = folder / f"mpdebug-test-{os.getpid()}"
        try:
            made.mkdir()
        except OSError:
            continue
        try:
            if (made / limit).exists():
                (made / limit).write_text(str(MOST))
                yield made
                return
        except OSError:
            continue
        finally:
            made.rmdir()
    pytest.skip("no memory control group can be made here")


@pytest.mark.leaves("run")
def test_the_killer_is_named(
    lab: Lab, mpdebug: Command, group: Path, start_method: str
) -> None:
    """Told at once, and the same afterwards: who, by whom, how much memory, and the cure."""
    enter = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
    words = [sys.executable, "-m", "mpdebug", str(PROGRAM), start_method]
    done = lab.start(["sh", "-c", enter, str(group), *words], stdin=-3).finish().ok()
    assert done.out == "ended with -9\n"
    told = " ".join(done.err.split())
    assert "hoarder (pid" in told, str(done)
    assert "was killed by the kernel's OOM killer memory" in told
    assert "give it more memory" in told
    assert "nobody observed" not in told
    (found,) = Asking(mpdebug, done.run_folder).answer().kind("out-of-memory")
    assert found["certainty"] == "proved"
    assert "hoarder" in found["title"]
