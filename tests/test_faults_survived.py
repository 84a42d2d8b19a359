"""What goes wrong around a program costs at most our view of it, never the program."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpdebug.agent import guard
from mpdebug.observer import nudge
from mpdebug.observer.run import RunReader
from mpdebug.rundir import layout
from tests.harness import program, read_run, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.harness import Both, Command, Handshake


def test_descriptors_used_up(both: Both) -> None:
    """A record of a process that has no descriptor left is kept."""
    _, ours = both(program("uses_up_descriptors.py"), options=["--keep", "--logs", "off"])
    assert [record["event"] for record in ours.records] == ["none left", "some left"]


def test_what_ends_a_process_without_descriptors_is_told(mpdebug: Command) -> None:
    """Its traceback was printed: it must not be said that it ended without one."""
    code = (
        "import multiprocessing, resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "def work():\n    files = []\n    try:\n"
        "        while True: files.append(open('/dev/null'))\n"
        "    except OSError:\n        raise RuntimeError('no more') from None\n"
        "child = multiprocessing.get_context('fork').Process(target=work)\n"
        "child.start()\nchild.join()\n"
    )
    done = mpdebug("-c", code).ok()
    assert "died of RuntimeError: no more" in done.err


def test_a_program_that_closes_all_descriptors(both: Both) -> None:
    """After closerange our numbers are the program's sockets: nothing of ours goes there."""
    plain, ours = both(program("closes_everything.py"), options=["--keep", "--logs", "off"])
    assert plain.out == "nothing leaked\n"
    assert [record["event"] for record in ours.records] == ["before", "after"]


@pytest.mark.parametrize("how", ["close", "reuse", "dup2"])
def test_a_program_that_takes_the_descriptor_of_its_records(both: Both, how: str) -> None:
    """Closed or reused behind our back or by `os.dup2`: the next record is where it belongs."""
    plain, ours = both(program("loses_its_log.py"), how, options=["--keep", "--logs", "off"])
    assert plain.out == "nothing leaked\n"
    assert [record["event"] for record in ours.records] == ["before", "just before", "after"]


WRITES = """
import logging, sys, os
log = logging.getLogger("disk"); log.setLevel(20)
for n in range(3000):
    log.info("x" * 1000, extra={"n": n})
print(open(sys.argv[1], "w").write("ready"), flush=True)
open(sys.argv[2]).readline()
log.warning("room again")
print("done")
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting a small file system needs more rights than the tests have")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_disk_full(
    mpdebug: Command, small_disk: Path, handshake: Callable[[], Handshake]
) -> None:
    """A full disk costs records and stacks, never the program; what is lost is told."""
    ready, go = handshake(), handshake()
    filler = small_disk / "filler"
    filler.write_bytes(bytes(200_000))
    run = small_disk / "run"
    started = mpdebug.start(
        "--logs", "off", "--run-dir", run, "-c", WRITES, ready.path, go.path
    )
    ready.wait_bytes(b"ready")
    [main] = RunReader(str(run)).refresh().processes
    assert nudge.ask_stacks([main], 0.1) == [("", nudge.FULL)]
    filler.unlink()
    go.say()
    done = started.finish().ok()
    assert done.out == "5\ndone\n"
    (path,) = run.glob("p/*/records.jsonl")
    text = path.read_text()
    assert "records could not be written" in text
    assert '"event":"room again"' in text


def test_a_full_disk_is_no_death(mpdebug: Command, small_disk: Path) -> None:
    """Where no end can be written, nobody is told as dead; that we do not know is told."""
    code = (
        "import logging, multiprocessing, os\n"
        "def work():\n"
        "    logging.getLogger().setLevel(20)\n"
        "    for n in range(3000): logging.info('x' * 1000)\n"
        "p = multiprocessing.get_context('fork').Process(target=work)\n"
        "p.start(); p.join(); print(p.exitcode)\n"
    )
    done = mpdebug("--logs", "off", "--run-dir", small_disk / "run", "-c", code).ok()
    assert done.out == "0\n"
    assert "died" not in done.err
    assert "vanished" not in done.err
    assert "disk is full: how some ended is not known" in done.err


def test_an_exception_on_a_full_disk_is_no_quiet_exit(
    mpdebug: Command, small_disk: Path
) -> None:
    """Of a child that could not write why it ended, os._exit is not said to be the cause."""
    code = (
        "import multiprocessing, os\n"
        "def work():\n"
        "    with open(os.environ['FILLER'], 'wb', buffering=0) as file:\n"
        "        try:\n"
        "            while file.write(bytes(4096)): pass\n"
        "        except OSError: pass\n"
        "    raise ValueError(1)\n"
        "p = multiprocessing.get_context('fork').Process(target=work)\n"
        "p.start(); p.join(); os.unlink(os.environ['FILLER'])\n"
    )
    env = {"FILLER": str(small_disk / "filler")}
    done = mpdebug("--run-dir", small_disk / "run", "-c", code, env=env).ok()
    assert "ended with status 1" in done.err
    assert "it could not write why: its disk was full, or RLIMIT_FSIZE reached" in done.err
    assert "os._exit" not in done.err


def test_the_run_folder_is_deleted_under_a_running_program(
    mpdebug: Command, handshake: Callable[[], Handshake]
) -> None:
    """Someone deletes the run folder: the program and its new children go on as if plain."""
    import shutil  # noqa: PLC0415

    ready, go = handshake(), handshake()
    run = mpdebug.lab.folder / "run"
    code = (
        "import logging, multiprocessing, subprocess, sys\n"
        "logging.warning('before')\n"
        "print('ready', file=open(sys.argv[1], 'w'))\n"
        "open(sys.argv[2]).readline()\n"
        "logging.warning('after')\n"
        "p = multiprocessing.get_context('fork').Process(target=print, args=('child',))\n"
        "p.start(); p.join()\n"
        "print(subprocess.run([sys.executable, '-c', 'print(2)']).returncode)\n"
    )
    started = mpdebug.start("--run-dir", run, "-c", code, ready.path, go.path)
    ready.wait()
    shutil.rmtree(run)
    go.say()
    done = started.finish().ok()
    assert sorted(done.out.split()) == ["0", "2", "child"]
    assert "Traceback" not in done.err


@pytest.mark.leaves("run")
def test_the_supervisor_is_killed(mpdebug: Command, handshake: Callable[[], Handshake]) -> None:
    """SIGKILL of the supervisor: the program goes on; its records can be read afterwards."""
    ready, go, end = handshake(), handshake(), handshake()
    code = (
        "import logging, sys\n"
        "logging.warning('before')\n"
        "print('ready', file=open(sys.argv[1], 'w'))\n"
        "open(sys.argv[2]).readline()\n"
        "logging.warning('after')\n"
        "print('over', file=open(sys.argv[3], 'w'))\n"
    )
    started = mpdebug.start("--logs", "off", "-c", code, ready.path, go.path, end.path)
    ready.wait()
    started.signal(signal.SIGKILL)
    started.popen.wait()
    go.say()
    end.wait()
    (run,) = (started.lab.state_home / "mpdebug").iterdir()
    (path,) = run.glob("p/*/records.jsonl")
    until(lambda: not started.lab.processes(), "the program has ended")
    lines = path.read_text().splitlines()
    assert [line.count("before") + line.count("after") for line in lines] == [1, 1]
    logs = mpdebug("logs", "last").ok()
    assert "after" in logs.out


def test_a_worker_killed_in_the_middle_of_a_record(mpdebug: Command) -> None:
    """SIGKILLs at random moments of busy logging: every record before is whole and in order."""
    code = (
        "import logging, multiprocessing, random\n"
        "log = logging.getLogger('busy'); log.setLevel(20)\n"
        "def work(w):\n"
        "    n = 0\n"
        "    while True:\n"
        "        log.info('y' * 600, extra={'n': n}); n += 1\n"
        "        if n == 50: w.send(1)\n"
        "c = multiprocessing.get_context('fork')\n"
        "for _ in range(20):\n"
        "    r, w = c.Pipe(False)\n"
        "    p = c.Process(target=work, args=(w,)); p.start(); r.recv()\n"
        "    sum(range(random.randrange(200_000)))\n"
        "    p.kill(); p.join()\n"
    )
    run = mpdebug.lab.folder / "run"
    mpdebug("--logs", "off", "--run-dir", run, "-c", code, deadline=60).ok()
    import json  # noqa: PLC0415

    files = [path for path in run.glob("p/*/records.jsonl") if path.stat().st_size]
    assert len(files) == 20
    for path in files:
        *whole, last = path.read_bytes().split(b"\n")
        records = [json.loads(line) for line in whole]
        assert [record["n"] for record in records] == list(range(len(records)))
        assert last == b"" or len(records) >= 50


@pytest.mark.once
def test_two_hundred_processes_at_once(mpdebug: Command) -> None:
    """Two hundred processes alive at the same time: each is in the run, with its record."""
    code = (
        "import logging, multiprocessing\n"
        "def work(b):\n    logging.warning('here'); b.wait()\n"
        "c = multiprocessing.get_context('fork'); b = c.Barrier(201)\n"
        "ps = [c.Process(target=work, args=(b,)) for _ in range(200)]\n"
        "[p.start() for p in ps]; b.wait(); [p.join() for p in ps]\n"
        "print(sum(p.exitcode for p in ps))\n"
    )
    run = mpdebug.lab.folder / "run"
    done = mpdebug("--logs", "off", "--run-dir", run, "-c", code, deadline=60).ok()
    assert done.out == "0\n"
    assert len([p for p in read_run(run).processes if p.role == "worker"]) == 200
    assert len([p for p in run.glob("p/*/records.jsonl") if p.stat().st_size]) == 200


@pytest.mark.parametrize("what", ["foreign", "open", "link", "file", "full"])
def test_a_run_folder_that_is_not_ours_alone_is_refused(
    mpdebug: Command, tmp_path: Path, what: str
) -> None:
    """A folder of another user, open to others, a link, a file, not empty: status 2, a cure."""
    folder = tmp_path / "chosen"
    if what == "file":
        folder.write_text("")
    elif what == "link":
        (tmp_path / "real").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "real")
    else:
        folder.mkdir(mode=0o700)
        if what == "open":
            folder.chmod(0o755)
        if what == "full":
            (folder / "x").write_text("")
        if what == "foreign":
            if os.getuid():
                pytest.skip("only root can give a folder to somebody else")
            os.chown(folder, 65534, 65534)
    done = mpdebug("--run-dir", folder, "-c", "print('ran')")
    assert (done.status, done.out) == (2, "")
    assert str(folder) in done.err
    assert "Traceback" not in done.err


def test_the_clock_is_set_back(mpdebug: Command) -> None:
    """Records of a program whose clock goes back keep the order in which they were logged."""
    code = (
        "import logging, time\n"
        "real = time.time\n"
        "log = logging.getLogger('clock')\n"
        "log.warning('first')\n"
        "logging.time.time = lambda: real() - 3600\n"
        "if hasattr(time, 'time_ns'):\n"
        "    ns = time.time_ns; logging.time.time_ns = lambda: ns() - 3600 * 10**9\n"
        "log.warning('second')\n"
    )
    run = mpdebug.lab.folder / "run"
    mpdebug("--logs", "off", "--run-dir", run, "-c", code).ok()
    lines = mpdebug("logs", "--json", run).ok().out.splitlines()
    import json  # noqa: PLC0415

    records = [json.loads(line) for line in lines]
    assert [record["event"] for record in records] == ["first", "second"]
    assert records[0]["time"] > records[1]["time"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_an_environment_of_another_user_does_not_tell_us_where_to_write(
    plain: Command, tmp_path: Path
) -> None:
    """MPDEBUG_RUN names a folder of somebody else: as if it were not set."""
    run = tmp_path / "run"
    (run / "p").mkdir(parents=True)
    for folder in (run, run / "p"):
        os.chown(folder, 65534, 65534)
    door = Path(__file__).parent.parent / "mpdebug" / "entry" / "door"
    env = {"MPDEBUG_RUN": f"dir={run}", "PYTHONPATH": str(door)}
    code = "import os, sys; print(hasattr(sys, '_mpdebug'), os.kill)"
    done = plain("-c", code, env=env).ok()
    assert done.out == "False <built-in function kill>\n"
    assert not list(run.glob("p/*"))


def test_what_an_interrupted_write_left_is_no_part_of_the_next(mpdebug: Command) -> None:
    """A longer process.json.new that was never renamed does not end the next one."""
    code = (
        "import json; from mpdebug.agent.process import here\n"
        "open(here.path + '/process.json.new', 'w').write('x' * 9000)\n"
        "here.tell_who(name='renamed')\n"
        "print(json.load(open(here.path + '/process.json'))['name'])\n"
    )
    assert mpdebug("-c", code).ok().out == "renamed\n"


def test_an_interrupt_while_a_child_is_received(both: Both) -> None:
    """A KeyboardInterrupt in our at-fork callback ends the child, as it would in its work.

    The traceback that the program prints shows nothing of us.
    """
    _, ours = both(program("interrupted_at_birth.py"), options=["--keep"])
    assert ours.out == "1\n"
    assert "ignored" not in ours.err
    assert guard.OURS not in ours.err
    assert [p.name for p in ours.run.processes] == ["MainProcess", "w"]


def test_a_sub_interpreter_is_no_other_program(both: Both) -> None:
    """A sub-interpreter runs as plainly and is not taken for an exec of the main process.

    Also where a folder is ready for the process that it is not.
    """
    code = (
        "import os\n"
        "run = os.environ.get('MPDEBUG_RUN', '').partition('dir=')[2]\n"
        "while run and not os.path.exists(run + '/spare/0'): pass\n"
        "try:\n    import _interpreters as i\n"
        "except ImportError:\n"
        "    try:\n        import _xxsubinterpreters as i\n"
        "    except ImportError:\n        import _xxinterpreters as i\n"
        "one = i.create()\n"
        "i.run_string(one, 'import logging; logging.warning(1); print(2, flush=True)')\n"
        "i.destroy(one)\n"
    )
    _, ours = both("-c", code, options=["--keep"])
    assert ours.out == "2\n"
    assert [p.name for p in ours.run.processes] == ["MainProcess"]
    assert len(os.listdir(ours.run_folder / layout.PROCESSES)) == 1
