"""All patches come out again, and none changes what it stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Both, Command


def test_uninstall_takes_every_patch_out(plain: Command) -> None:
    """Install, again, uninstall: every attribute is by identity what it was before."""
    folder = plain.lab.folder / "run"
    done = plain(program("installs.py"), str(folder)).ok()
    changed, last = done.out.split("\n")[:2]
    assert int(changed) >= 20
    assert last == "as before"


def test_install_opens_a_run_that_children_join(plain: Command, start_method: str) -> None:
    """A service that calls mpdebug.install(): it and its children are in one run."""
    folder = plain.lab.folder / "run"
    script = plain.lab.folder / "service.py"
    script.write_text(
        "import logging, multiprocessing, sys, mpdebug\n"
        "def work():\n    logging.warning('from the child')\n"
        "if __name__ == '__main__':\n"
        "    mpdebug.install(run_dir=sys.argv[1])\n"
        "    logging.warning('from the service')\n"
        "    p = multiprocessing.get_context(sys.argv[2]).Process(target=work, name='w')\n"
        "    p.start(); p.join()\n"
    )
    plain(str(script), str(folder), start_method).ok()
    from tests.harness import read_run  # noqa: PLC0415

    run = read_run(folder)
    assert {"MainProcess", "w"} <= {p.name for p in run.processes}
    assert len([p for p in folder.glob("p/*/records.jsonl") if p.stat().st_size]) == 2


def test_a_wrapped_function_raises_as_the_original(both: Both) -> None:
    """Errors of wrapped functions have the original's type, text and traceback."""
    code = (
        "import os, traceback, multiprocessing\n"
        "def tries():\n"
        "    yield lambda: os.kill(0, 9999)\n"
        "    yield lambda: os.kill()\n"
        "    yield lambda: os.close(-1)\n"
        "    yield lambda: os.waitpid(-1, 0)\n"
        "    yield lambda: os.wait()\n"
        "    yield lambda: os.execv('/nonexistent', ['x'])\n"
        "    yield lambda: os.execve('/nonexistent', ['x'], {})\n"
        "    yield lambda: os.posix_spawn('/nonexistent', ['x'], {})\n"
        "    yield lambda: os._exit('x')\n"
        "    yield lambda: multiprocessing.Process().start(1)\n"
        "for each in tries():\n"
        "    try:\n        each()\n"
        "    except Exception:\n        traceback.print_exc()\n"
    )
    plain, _ = both("-c", code, stderr=True)
    assert plain.err.count("Traceback") == 10


def test_tracebacks_of_workers_are_the_plain_ones(both: Both, start_method: str) -> None:
    """A failing target, task, initializer and result print what they print without us."""
    script = both.plain.lab.folder / "fails.py"
    script.write_text(
        "import multiprocessing, os, sys, traceback\n"
        "def bad(n=0):\n    raise ValueError(n)\n"
        "def unsendable(n):\n    return lambda: n\n"
        "class Own(multiprocessing.Process):\n"
        "    def run(self):\n        raise KeyError(sorted(self.__dict__)[0])\n"
        "if __name__ == '__main__':\n"
        "    os.dup2(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)\n"
        "    c = multiprocessing.get_context(sys.argv[1])\n"
        "    p = c.Process(target=bad, name='p'); p.start(); p.join()\n"
        "    if sys.argv[1] == 'fork':\n"
        "        p = Own(name='own'); p.start(); p.join()\n"
        "    with c.Pool(1) as pool:\n"
        "        for task in (bad, unsendable):\n"
        "            try:\n                pool.apply(task, (1,))\n"
        "            except Exception as error:\n"
        "                print(type(error)); traceback.print_exc()\n"
    )
    said = [both.plain.lab.folder / name for name in ("plain", "ours")]
    both.plain(str(script), start_method, str(said[0])).ok()
    both.mpdebug(str(script), start_method, str(said[1])).ok()
    texts = [re.sub(r"0x[0-9a-f]+", "0x", path.read_text()) for path in said]
    assert texts[0] == texts[1]
    assert texts[0].count("Traceback") >= 3


def test_a_wrapped_builtin_is_no_method(both: Both, start_method: str) -> None:
    """`class Handle: close = os.close` works, and so does a wrapped target."""
    code = (
        "import multiprocessing, os, sys\n"
        "class Handle:\n    close = os.close\n    wait = os.waitpid\n    up = os.getppid\n"
        "if __name__ == '__main__':\n"
        "    reading, writing = os.pipe()\n"
        "    Handle().close(reading); Handle().up()\n"
        "    child = os.fork() or os._exit(3)\n"
        "    print(Handle().wait(child, 0)[1], os.close)\n"
        "    context = multiprocessing.get_context(sys.argv[1])\n"
        "    p = context.Process(target=os._exit, args=(4,))\n"
        "    p.start(); p.join(); print(p.exitcode)\n"
    )
    plain, _ = both("-c", code, start_method)
    assert plain.out == "768 <built-in function close>\n4\n"


def test_a_run_of_the_object_itself_is_run(both: Both) -> None:
    """`p.run = work` instead of a target, and a Process class with a strict __setattr__."""
    code = (
        "import multiprocessing\n"
        "class Strict(multiprocessing.Process):\n"
        "    def __setattr__(self, name, value):\n"
        "        if name == 'run': raise RuntimeError(name)\n"
        "        super().__setattr__(name, value)\n"
        "    def run(self): print('strict', flush=True)\n"
        "context = multiprocessing.get_context('fork')\n"
        "free = context.Process(); free.run = lambda: print('free', flush=True)\n"
        "multiprocessing.set_start_method('fork')\n"
        "for p in free, Strict():\n    p.start(); p.join(); print(p.exitcode, flush=True)\n"
    )
    plain, _ = both("-c", code)
    assert plain.out == "free\n0\nstrict\n0\n"


def test_a_patched_module_can_be_run_and_looked_at(both: Both) -> None:
    """`python -m logging.handlers`; the loader of a module that we patch can all it could."""
    both("-m", "logging.handlers", stderr=True)
    code = (
        "import copy, importlib.util\n"
        "loader = importlib.util.find_spec('multiprocessing.pool').loader\n"
        "print(len(loader.get_source('multiprocessing.pool')) > 999, loader.name)\n"
        "print(copy.deepcopy(loader).get_filename('multiprocessing.pool'))\n"
    )
    both("-c", code, stderr=True)


@pytest.mark.parametrize("where", ["in the main process", "in a fork"])
def test_faulthandler_is_the_programs(both: Both, where: str) -> None:
    """Off until the program turns it on; then a crash is told where the program wants."""
    code = (
        "import faulthandler, os, signal, sys\n"
        "print(faulthandler.is_enabled(), faulthandler.disable())\n"
        "faulthandler.enable()\n"
        "print(faulthandler.is_enabled(), flush=True)\n"
        "if sys.argv[1] == 'in a fork' and (child := os.fork()):\n"
        "    print(os.waitpid(child, 0)[1]); sys.exit()\n"
        "os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    plain, under = both("-c", code, where)
    assert plain.out.startswith("False False\nTrue\n")
    assert "Fatal Python error: Segmentation fault" in plain.err
    assert "Fatal Python error: Segmentation fault" in under.err


def test_encoding_warnings_are_not_ours(both: Both) -> None:
    """`-X warn_default_encoding` warns of no open() of ours."""
    code = (
        "import os, signal, subprocess\n"
        "sleeper = subprocess.Popen(['sleep', '60'])\n"
        "signal.pidfd_send_signal(os.pidfd_open(sleeper.pid), signal.SIGTERM)\n"
        "print(sleeper.wait())\n"
    )
    flags = ["-X", "warn_default_encoding", "-W", "error"]
    _, under = both("-c", code, flags=flags)
    assert "EncodingWarning" not in under.err


def test_a_resource_module_of_the_programs_own(both: Both, tmp_path: Path) -> None:
    """wait4 imports `resource`: a program's own of that name is neither run nor in the way."""
    (tmp_path / "resource.py").write_text("print('resource was run')\n")
    (tmp_path / "script.py").write_text(
        "import os, subprocess, sys\n"
        "print(os.waitpid(os.fork() or os._exit(3), 0)[1], subprocess.call(['false']))\n"
        "import resource\n"
        "print(os.waitpid(os.fork() or os._exit(3), 0)[1], subprocess.call(['false']))\n"
    )
    plain, _ = both("script.py", cwd=tmp_path)
    assert plain.out.split() == ["768", "1", "resource", "was", "run", "768", "1"]


def test_loggings_own_error_shows_no_frame_of_ours(both: Both) -> None:
    """A message that does not fit its arguments: logging prints the stack of the program."""
    code = "import logging\nlogging.basicConfig()\nlogging.warning('%d', 'x')"
    plain, ours = both("-c", code, options=["--logs=off"])
    assert "--- Logging error ---" in plain.err
    assert ours.err == plain.err


def test_hooks_for_subclasses_have_the_arguments_of_the_originals(both: Both) -> None:
    """A Queue of the program's own passes on what it was told, by name."""
    code = (
        "from multiprocessing.queues import Queue\n"
        "try:\n    1 / 0\n"
        "except ArithmeticError as error:\n"
        "    print(Queue._on_queue_feeder_error(e=error, obj=1))\n"
    )
    plain, _ = both("-c", code)
    assert plain.out == "None\n"
