"""How processes ended, as the supervisor saw it: exits.jsonl, and the out-of-memory killer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mpdebug.agent.process import Agent
from mpdebug.diagnosis import deaths
from mpdebug.observer.ended import ended
from mpdebug.rundir import layout
from mpdebug.settings import Settings
from mpdebug.supervisor import exits, kernel, oom
from tests.harness import program, read_run, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Command, Handshake, Lab

pytestmark = pytest.mark.once


def lines_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / layout.EXITS).read_text().splitlines()]


def test_every_end_is_told_once(mpdebug: Command, tmp_path: Path) -> None:
    """Whoever reaps it, each process ends with its status; the supervisor writes it once.

    A process that its parent reaps at once may be told by that parent alone.
    """
    os.mkfifo(tmp_path / "fifo")
    exits_file = tmp_path / "run" / layout.EXITS
    done = mpdebug(
        "--run-dir", "run", program("children_end.py"), tmp_path / "fifo", exits_file
    ).ok()
    told = json.loads(done.out)
    lines = lines_of(tmp_path / "run")
    assert len(lines) == len({(line["pid"], line["start"]) for line in lines})
    statuses = {line["pid"]: line["status"] for line in lines}
    assert all(statuses.get(pid, status) == status for pid, status in told.values())
    assert {told[who][0] for who in ("zombie", "orphan")} <= set(statuses)
    seen = {one.pid: one.ended for one in read_run(tmp_path / "run").processes}
    for who, (pid, status) in told.items():
        assert (end := seen[pid]) is not None, who
        assert end.status == status, who


@pytest.mark.leaves("run")
def test_who_ends_well_after_everybody_else_has_not_vanished(
    lab: Lab, mpdebug: Command, handshake: Callable[[], Handshake], tmp_path: Path
) -> None:
    """A child whose parent was killed says that it returned: nobody reads its status."""
    go = handshake()
    code = (
        "import multiprocessing, os\n"
        f"def work(): open({go.path!r}).readline()\n"
        "p = multiprocessing.get_context('fork').Process(target=work)\n"
        "p.start(); os.kill(os.getpid(), 9)\n"
    )
    started = mpdebug.start("--run-dir", tmp_path / "run", "-c", code)
    assert started.popen.wait() == -signal.SIGKILL
    go.say()
    until(lambda: not lab.processes(), "the child's end")
    run = read_run(tmp_path / "run")
    assert len(run.processes) == 2
    assert [death.kind for death in deaths.explain(run)] == ["signal"]


@pytest.mark.parametrize(
    ("ppid", "supervisor", "says"), [(0, 0, False), (1, 0, True), (0, 1, True)]
)
def test_a_word_is_left_where_nobody_may_read_the_status(
    tmp_path: Path, ppid: int, supervisor: int, says: bool
) -> None:
    """Where the parent at the end is not that of the beginning, or is the supervisor."""
    parent = os.getppid()
    settings = Settings(str(tmp_path), supervisor=parent * supervisor)
    agent = Agent(settings, {"ppid": parent + ppid}, str(tmp_path), os.getpid())
    agent.leave_quietly()
    assert agent.said_goodbye
    assert (tmp_path / layout.EXIT).exists() == says


@pytest.mark.leaves("run")
def test_a_supervisor_that_fails_still_leaves_with_the_status(
    lab: Lab, handshake: Callable[[], Handshake]
) -> None:
    """When our own loop breaks, signals are still passed on and the status is the program's."""
    told = handshake()
    code = (
        "import sys; from mpdebug.supervisor import program; program.Supervisor._turn = None;"
        f"sys.argv[1:] = [{program('told_signals.py')!r}, {told.path!r}];"
        "sys.orig_argv = sys.orig_argv[:1];"
        "from mpdebug.cli.main import console; console()"
    )
    started = lab.start([sys.executable, "-c", code])
    told.wait()
    for name in ("SIGUSR1", "SIGTERM", "SIGTERM"):
        started.signal(getattr(signal, name))
        assert told.wait() == [name]
    assert started.finish().status == 0


def test_the_status_of_a_reaped_process_stays_with_its_pidfd() -> None:
    """The kernel keeps the status for a pidfd after the parent has reaped it (Linux 6.15)."""
    child = subprocess.Popen(["sh", "-c", "exit 7"])
    pidfd = os.pidfd_open(child.pid)
    try:
        child.wait()
        try:
            status = kernel.exit_of(pidfd)
        except OSError as error:
            pytest.skip(f"this kernel does not: {error}")
        assert status is not None
        assert os.waitstatus_to_exitcode(status) == 7
    finally:
        os.close(pidfd)


def test_a_reused_pid_is_not_taken_for_the_process(tmp_path: Path) -> None:
    """A folder whose start is not that of the living process of that pid is not watched."""
    seen = exits.Exits(str(tmp_path), 1)
    start = layout.start_of() or 0
    assert seen.began(layout.folder_name(os.getpid(), start + 1, 0)) is None
    watched = seen.began(layout.folder_name(os.getpid(), start, 0))
    assert watched is not None
    assert seen.began(layout.folder_name(os.getpid(), start, 1)) is None  # it exec'ed
    os.close(watched.pidfd)


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts kills, in place of the kernel's."""
    file = tmp_path / "vmstat"
    file.write_text("pgfault 12\noom_kill 5\n")
    monkeypatch.setattr(oom, "VMSTAT", str(file))
    monkeypatch.setattr(oom, "mounts", dict)
    return file


def test_a_kill_is_the_kernels_if_its_counter_rose(counter: Path) -> None:
    """The counter at the start does not count, and each kill is told once."""
    counters = oom.OomCounters()
    file = counters.join(os.getpid())
    assert not counters.took(file)
    counter.write_text("oom_kill 7\n")
    assert [counters.took(file) for _ in range(3)] == [True, True, False]
    counter.unlink()
    assert not counters.took(file)
    assert not counters.took("")


@pytest.mark.parametrize("reaped", [False, True])
def test_a_kill_is_told_also_where_we_come_late(
    counter: Path, tmp_path: Path, reaped: bool
) -> None:
    """A zombie has left its cgroup, and of one that is reaped only its folder is there."""
    seen = exits.Exits(str(tmp_path), os.getpid())
    with subprocess.Popen(["sleep", "60"]) as child:
        start = layout.start_of(child.pid) or 0
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        counter.write_text("oom_kill 6\n")
        if reaped:
            child.wait()
        watched = seen.began(layout.folder_name(child.pid, start, 0))
        assert (watched is None) == reaped
        if watched is not None:
            seen.ended(watched)
    (line,) = lines_of(tmp_path)
    assert (line["pid"], line["oom"]) == (child.pid, True)
    assert line["status"] == (None if reaped else -signal.SIGKILL)
    assert ended(line, {"mono": 1, "status": -signal.SIGKILL}).oom
    assert not ended({**line, "status": None}, {"mono": 1, "status": 0}).oom


@pytest.fixture
def small_cgroup() -> Iterator[Path]:
    """A memory cgroup with 150 MB, made in the one we are in; skips where that is forbidden."""
    mine = oom.OomCounters().join(os.getpid())
    group = Path(mine).parent / f"mpdebug-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    try:
        limit = "memory.max" if (group / "memory.max").exists() else "memory.limit_in_bytes"
        swap = "memory.swap.max" if limit == "memory.max" else "memory.memsw.limit_in_bytes"
        try:
            (group / limit).write_text("150M")
            if (group / swap).exists():
                (group / swap).write_text("0" if limit == "memory.max" else "150M")
        except OSError as error:
            pytest.skip(f"no limit can be set here: {error}")
        yield group
    finally:
        group.rmdir()


def test_the_out_of_memory_killer_is_named(
    lab: Lab, small_cgroup: Path, tmp_path: Path
) -> None:
    """A worker that the kernel killed for memory is told apart from any other SIGKILL."""
    (tmp_path / "eats.py").write_text(
        "import multiprocessing as mp, os, signal\n"
        "def eat():\n"
        "    data = []\n"
        "    while True: data.append(bytearray(10_000_000))\n"
        "def die(): os.kill(os.getpid(), signal.SIGKILL)\n"
        "if __name__ == '__main__':\n"
        "    for target in (eat, die):\n"
        "        p = mp.Process(target=target, name=target.__name__); p.start(); p.join()\n"
        "        print(p.exitcode)\n"
    )
    line = f"echo $$ > {small_cgroup}/cgroup.procs; exec {sys.executable} -m mpdebug eats.py"
    done = lab.start(["sh", "-c", line]).finish()
    assert done.out == "-9\n-9\n"
    assert "eat (pid " in done.err
    assert "was killed by the kernel's OOM killer" in done.err
    assert "was killed by SIGKILL" in done.err
    oom_of = {one.name: one.ended and one.ended.oom for one in done.run.processes}
    assert (oom_of["eat"], oom_of["die"]) == (True, False)
