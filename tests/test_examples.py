"""The programs under examples/: each runs as plainly, and the screen tells its story."""

from __future__ import annotations

import io
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.attached import Prompt
from tests.harness import ROOT, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Both, Command, Lab
    from tests.terminals import AtTerminal

pytestmark = pytest.mark.once

EXAMPLES = ROOT / "examples"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def example(name: str) -> str:
    """The path of an example."""
    return str(EXAMPLES / name)


def line(name: str, text: str) -> str:
    """Where the text stands in an example, as `file:line`."""
    lines = (EXAMPLES / name).read_text().splitlines()
    *_, number = [n for n, content in enumerate(lines, 1) if text in content]
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


@pytest.mark.once
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


@pytest.mark.once
def test_the_tour_runs_without_structlog(mpdebug: Command) -> None:
    """Where structlog is missing, the same keys come through the standard library."""
    without = "import sys; sys.modules['structlog'] = None; import runpy; "
    without += f"runpy.run_path({example('tour.py')!r}, run_name='__main__')"
    done = mpdebug("-c", without).ok()
    assert "photo=1.jpg" in done.err or "photo='1.jpg'" in done.err


def test_a_breakpoint_in_a_pool(at_terminal: Callable[..., AtTerminal]) -> None:
    """A prompt opens in the worker, answers what it is asked, and the pool's map goes on."""
    it = at_terminal(example("breakpoint_in_pool.py"))
    place = line("breakpoint_in_pool.py", "breakpoint()  # how")
    assert place in (EXAMPLES / "breakpoint_in_pool.py").read_text()
    it.see(rf"PoolWorker-\d \(pid \d+\) stopped at \S*{place} in price")
    it.prompt()
    for typed, answer in (
        ("p order", "'rice': -3"),
        ("n", "-> total \\+= "),
        ("p total", "4\\r\\n"),  # behind what the terminal is told
    ):
        it.type(f"{typed}\r")
        it.see(answer)  # and nothing behind it: the prompt may have come with it
        it.prompt()
    it.type("c\r")
    it.see(r"prices: \[8, 5, -5, 9\]")
    assert it.end()[0] == 0


def test_the_odd_worker_is_found(at_terminal: Callable[..., AtTerminal]) -> None:
    """Eight workers stand at one line; `odd` tells who differs, and `worker` goes there."""
    it = at_terminal(example("odd_worker.py"))
    it.prompt()
    until(lambda: len(it.stops()) == 8, "all eight stand")
    it.type("all len(rows)\r")
    it.see("7 × 500 · 499 shard-6")
    it.prompt()
    it.type("odd len(rows)\r")
    it.see(r"shard-6\s+499")
    it.prompt()
    it.type("worker shard-6\r")
    it.see("shard-6 .* (stopped at|is where you are)")  # that where it stopped first
    assert it.prompt() == "shard-6"
    it.type("p 'in', shard\r")
    it.see(r"\('in', 6\)")
    it.prompt()
    it.type("c all\r")
    it.see(r"rows: \[500, 500, 500, 500, 500, 500, 499, 500\]")
    assert it.end()[0] == 0


@pytest.mark.leaves("shm")
def test_a_lock_of_the_dead_is_told(mpdebug: Command) -> None:
    """Who holds it, and is dead, where it was taken, and that five wait; status 3."""
    done = mpdebug("--on-hang", "abort", example("dead_lock_holder.py"))
    assert (done.status, done.out) == (3, "")
    said = " ".join(done.err.split())
    assert 'lock-held-by-dead: 5 processes (reader-0..4) wait for Lock "cache_lock"' in said
    assert f"/{line('dead_lock_holder.py', 'lock.acquire()')} in writer" in said


def test_a_post_mortem_of_a_task(at_terminal: Callable[..., AtTerminal]) -> None:
    """With --pm the failed task stands where it failed; afterwards the parent has its error."""
    it = at_terminal("--pm", example("post_mortem.py"))
    place = line("post_mortem.py", "return float(line)")
    assert place in (EXAMPLES / "post_mortem.py").read_text()
    it.see(rf"failed at \S*{place} in parse: ValueError")
    it.prompt()
    for typed, answer in (("p line", "'12,5'"), ("u", "return parse"), ("p number + 40", "42")):
        it.type(f"{typed}\r")
        it.see(rf"\n.*{answer}")
        it.prompt()
    it.type("c\r")
    it.see("2 failed: could not convert string to float")
    it.see("3 3.5")
    assert it.end()[0] == 0


def test_a_hung_worker_is_entered(at_terminal: Callable[..., AtTerminal], lab: Lab) -> None:
    """`mpdebug attach --hung` from another terminal: the hung worker gets what it waits for."""
    it = at_terminal(example("attach_to_hung.py"))
    it.see("saving")
    other = Prompt(lab, "--hung")
    other.at("saver")
    for typed, answer in (("w", "-> ready.acquire()"), ("p pages + 39", "42")):
        other.type(typed)
        other.expect_exact(answer)
        other.at("saver")
    other.type("ready.release()")
    other.at("saver")
    other.type("c")
    assert other.ends() == 0
    it.see("saved 3 pages")
    assert it.end()[0] == 0


def test_the_picture_is_that_of_a_run(plain: Command) -> None:
    """examples/picture.svg has the text that a real run has now; else draw it anew."""
    path = plain.lab.folder / "picture.svg"
    plain(example("picture.py"), str(path), deadline=90).ok()

    def texts(text: str) -> list[str]:
        return re.findall(r"<text[^>]*>([^<]*)</text>", text)

    drawn = texts(path.read_text("utf-8"))
    assert any("×8 exited 0" in text.replace("&#160;", " ") for text in drawn)
    kept = (EXAMPLES / "picture.svg").read_text("utf-8")
    assert drawn == texts(kept), "python examples/picture.py"
