"""The programs under examples/: each runs as plainly, and the screen tells its story."""

from __future__ import annotations

import io
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pexpect

from tests.harness import ROOT

if TYPE_CHECKING:
    from tests.harness import Both, Command, Lab

EXAMPLES = ROOT / "examples"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def example(name: str) -> str:
    """The path of an example."""
    return str(EXAMPLES / name)


def line(name: str, text: str) -> str:
    """Where the text stands in an example, as `file:line`."""
    lines = (EXAMPLES / name).read_text().splitlines()
    (number,) = [n for n, content in enumerate(lines, 1) if text in content]
    return f"{name}:{number}"


def test_every_example_has_a_test() -> None:
    """No example can be added without being run here."""
    text = (ROOT / "tests" / "test_examples.py").read_text()
    names = [path.name for path in EXAMPLES.glob("*.py")]
    assert len(names) >= 4
    assert [name for name in names if f'example("{name}")' not in text] == []


def test_a_pool_that_logs_is_one_stream(both: Both, start_method: str) -> None:
    """Twelve records of a pool's workers come out, each once, with names and keys."""
    _, ours = both(example("pool_that_logs.py"), start_method)
    lines = [line for line in ours.err.splitlines() if "priced" in line]
    assert len(lines) == 12
    assert all(re.search(r"Worker-\d", line) for line in lines)
    assert sorted(int(order) for order in re.findall(r"order=(\d+)", "\n".join(lines))) == [
        *range(1, 13)
    ]


def test_what_the_program_prints_itself_is_not_printed_twice(both: Both) -> None:
    """Warnings go to stderr through logging's last resort; we do not repeat them."""
    _, ours = both(example("pool_that_logs.py"), "fork")
    assert ours.err.count("large order") == 2


def test_a_worker_that_segfaults_is_explained(both: Both) -> None:
    """Signal, task, stack and consequence of a crash in Pool.map are told, unlike plainly."""
    plain, ours = both(example("worker_segfaults.py"))
    assert plain.err == ""
    assert "SIGSEGV" in ours.err
    assert "decode(3)" in ours.err
    assert line("worker_segfaults.py", "ctypes.string_at(0)") in ours.err
    assert line("worker_segfaults.py", "pool.map_async") in ours.err
    assert str(ours.run_folder) in ours.err


def test_a_death_is_told_at_once(mpdebug: Command) -> None:
    """The crash is on the screen while the program still waits for the lost task."""
    running = mpdebug.start(example("worker_segfaults.py"))
    said = running.wait_for("SIGSEGV")
    assert "gave up" not in said
    assert b"gave up" not in running.said["stdout"]
    running.finish()


def test_a_missing_guard_is_explained(both: Both) -> None:
    """A spawned child that dies while it imports the main module is told with its cure."""
    _, ours = both(example("spawn_without_guard.py"))
    assert 'if __name__ == "__main__":' in ours.err
    assert line("spawn_without_guard.py", "child.start()") in ours.err


def tour_at_a_terminal(lab: Lab) -> tuple[int | None, str]:
    """Run the tour at a terminal of 80 columns; its exit status, and the screen in colour."""
    said = io.StringIO()
    tour = pexpect.spawn(
        sys.executable,
        ["-m", "mpdebug", example("tour.py")],
        env=lab.environment({"TERM": "xterm-256color"}),
        dimensions=(40, 80),
        encoding="utf-8",
        timeout=30,
        cwd=str(ROOT),
    )
    tour.logfile_read = said
    tour.expect(pexpect.EOF)
    tour.close()
    shutil.rmtree(lab.state_home)  # the kept run
    return tour.exitstatus, said.getvalue()


def test_the_tour_tells_its_story(lab: Lab) -> None:
    """At a terminal of 80 columns: ends with 0, tells of both deaths, breaks no line."""
    status, screen = tour_at_a_terminal(lab)
    text = COLOURS.sub("", screen)
    assert status == 0, text
    assert "2 of 3 photos are small now" in text
    for word in ("SIGKILL", "shrink(3)", "ValueError", "no date in 2.jpg", "intake", "mailer"):
        assert word in text
    assert screen != text, "no colours at a terminal"
    ours = [each for each in text.splitlines() if re.match(r"\d\d:\d\d:|mpdebug:|  +so ", each)]
    assert len(ours) > 8
    assert [each for each in ours if len(each) > 80] == []


def test_the_tour_runs_without_structlog(mpdebug: Command) -> None:
    """Where structlog is missing, the same keys come through the standard library."""
    without = "import sys; sys.modules['structlog'] = None; import runpy; "
    without += f"runpy.run_path({example('tour.py')!r}, run_name='__main__')"
    done = mpdebug("-c", without).ok()
    assert "photo=1.jpg" in done.err or "photo='1.jpg'" in done.err
