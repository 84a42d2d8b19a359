"""Every road to a child process is entered, and the program's own ways stay as they were."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness import program
from tests.programs.roads import ROADS

if TYPE_CHECKING:
    from tests.harness import Both, Command

SHELLS_OUT = [road for road in ROADS if road != "child"]


@pytest.mark.parametrize("road", SHELLS_OUT)
def test_every_road_is_entered(both: Both, road: str) -> None:
    """A child made in this way logs into the run, and stdout and status are the plain run's."""
    plain, ours = both(program("roads.py"), road, options=["--keep"])
    if plain.out == "1\n":
        pytest.skip("plainly this interpreter cannot be started in that way either")
    arrived = [record for record in ours.records if record["event"] == "arrived"]
    assert len(arrived) == 1, str(ours)


def test_a_child_that_started_small_has_our_two_variables_and_its_own(mpdebug: Command) -> None:
    """A child with an `env=` of the program's own gets that environment and our two keys."""
    code = (
        "import os, subprocess, sys; print(subprocess.run([sys.executable, '-c',"
        " 'import os; print(sorted(k for k in os.environ if not k.startswith(\"LC_\")))'],"
        " env={'A': '1'}, capture_output=True, text=True).stdout)"
    )
    done = mpdebug("-c", code).ok()
    assert done.out.strip() == "['A', 'MPDEBUG_RUN', 'PYTHONPATH']"


def test_the_programs_own_sitecustomize_runs(both: Both, tmp_path: Path) -> None:
    """A sitecustomize on the program's PYTHONPATH runs and is the one in sys.modules."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text(
        "import builtins; builtins.hello = 'hi'\n"
    )
    code = (
        "import sys, subprocess; print(hello, sys.modules['sitecustomize'].__file__, sys.path);"
        "subprocess.run([sys.executable, '-c', 'print(hello)'])"
    )
    plain, _ = both("-c", code, env={"PYTHONPATH": str(tmp_path / "own")}, stderr=True)
    assert plain.out.count("hi") == 2


def test_a_failing_sitecustomize_fails_as_plainly(both: Both, tmp_path: Path) -> None:
    """An error in the program's own sitecustomize is reported by site as without us.

    Twice: the supervisor is an interpreter with the same environment.
    """
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("raise ValueError('broken')\n")
    plain, ours = both("-c", "print(1)", env={"PYTHONPATH": str(tmp_path / "own")})
    assert "ValueError: broken" in plain.err
    assert ours.err == plain.err * 2


def test_path_and_modules_are_the_plain_runs(both: Both) -> None:
    """sys.path, its importer cache and the absence of sitecustomize are the plain run's."""
    code = (
        "import sys; print(sys.path, 'sitecustomize' in sys.modules,"
        " [k for k in sys.path_importer_cache if 'door' in k], sys.argv, sys.flags)"
    )
    both("-c", code, "a", "b", stderr=True)


def test_what_no_door_opens_is_listed_with_the_reason(mpdebug: Command) -> None:
    """Children under -S, -I, -E and `env -i` run as plainly and are told as not observed."""
    code = (
        "import subprocess, sys\n"
        "for flag in ('-S', '-I', '-E'):\n"
        "    subprocess.run([sys.executable, flag, '-c', 'print(1)'])\n"
        "subprocess.run(['env', '-i', sys.executable, '-c', 'print(1)'])\n"
        "subprocess.run(['true'])\n"
    )
    done = mpdebug("--keep", "-c", code).ok()
    assert done.out == "1\n" * 4
    reasons = {p.argv: p.reason for p in done.run.processes if not p.observed}
    assert len(reasons) == 5, reasons
    text = " ".join(reasons.values())
    for word in ("-S", "-I", "-E", "not Python"):
        assert word in text, reasons


def test_the_off_switch_leaves_nothing_of_us(both: Both) -> None:
    """With MPDEBUG_DISABLE=1 the program runs plainly: no variable of ours, no finder."""
    code = "import os, sys; print('MPDEBUG_RUN' in os.environ, len(sys.meta_path), os.kill)"
    plain, ours = both("-c", code, env={"MPDEBUG_DISABLE": "1"})
    assert ours.out.startswith("False")
    assert plain.err == ours.err


@pytest.mark.once
def test_only_and_ignore_choose_children(mpdebug: Command, start_method: str) -> None:
    """--only and --ignore choose by name: the others run, and leave no records."""
    script = program("real_stdlib.py")
    all_names = mpdebug("--keep", script, "Process", start_method).ok()
    names = sorted({p.name for p in all_names.run.processes if p.role == "worker"})
    assert len(names) == 24
    some = mpdebug(
        "--keep",
        "--run-dir",
        all_names.state_home.parent / "only",
        "--only",
        names[0],
        script,
        "Process",
        start_method,
    ).ok()
    found = {r["pid"] for r in some_records(some.state_home.parent / "only")}
    assert len(found) == 1
    none = mpdebug(
        "--keep",
        "--run-dir",
        some.state_home.parent / "none",
        "--ignore",
        "*Process-*",
        script,
        "Process",
        start_method,
    ).ok()
    assert some_records(none.state_home.parent / "none") == []


def some_records(folder: Path) -> list[dict[str, int]]:
    """One entry a record: the pid of its process."""
    return [
        {"pid": int(path.parent.name.split("-")[0])}
        for path in folder.glob("p/*/records.jsonl")
        for _ in path.read_bytes().splitlines()
    ]


def test_an_interpreter_without_our_packages_is_entered(
    mpdebug: Command, tmp_path: Path
) -> None:
    """A python of an empty venv, with none of our dependencies, is observed all the same."""
    import venv  # noqa: PLC0415

    venv.create(tmp_path / "other", with_pip=False, symlinks=True)
    other = tmp_path / "other" / "bin" / "python"
    code = (
        "import subprocess, sys; subprocess.run([sys.argv[1], '-c',"
        " \"import logging, sys; logging.warning('here'); print(sys.prefix)\"])"
    )
    done = mpdebug("--keep", "-c", code, str(other)).ok()
    assert done.out.strip() == str(tmp_path / "other")
    assert [r["event"] for r in done.records] == ["here"]


def test_no_thread_and_no_inheritable_descriptor_of_ours(both: Both) -> None:
    """A child sees the same threads, inheritable descriptors and signal handlers as plainly."""
    code = (
        "import os, signal, threading, multiprocessing\n"
        "def look():\n"
        "    kept = [fd for fd in map(int, os.listdir('/proc/self/fd'))]\n"
        "    kept = [fd for fd in kept if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        "    kept = sorted(fd for fd in kept if os.get_inheritable(fd))\n"
        "    print(kept, threading.active_count(), len(os.listdir('/proc/self/task')),\n"
        "          [s for s in signal.valid_signals() if signal.getsignal(s) not in"
        " (signal.SIG_DFL, None)], signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)\n"
        "look()\n"
        "p = multiprocessing.get_context('fork').Process(target=look)\n"
        "p.start(); p.join()\n"
    )
    both("-c", code, stderr=True)


def test_pickle_by_name_of_a_wrapped_function(both: Both, start_method: str) -> None:
    """os._exit and os.kill, which we wrap, can be targets and tasks under every method."""
    code = (
        "import multiprocessing, os, sys\n"
        "if __name__ == '__main__':\n"
        "    c = multiprocessing.get_context(sys.argv[1])\n"
        "    p = c.Process(target=os._exit, args=(3,))\n"
        "    p.start(); p.join(); print(p.exitcode)\n"
        "    with c.Pool(1) as pool: print(pool.apply(os.kill, (os.getpid(), 0)))\n"
    )
    script = Path(both.plain.lab.folder) / "names.py"
    script.write_text(code)
    plain, _ = both(str(script), start_method)
    assert plain.out == "3\nNone\n"


@pytest.mark.skipif(sys.platform != "linux", reason="a child subreaper needs Linux")
def test_an_orphan_sees_pid_1_as_its_parent(both: Both) -> None:
    """os.getppid() of an orphan says 1, although the supervisor is its parent now."""
    code = (
        "import os, sys, select\n"
        "r, w = os.pipe(); go, on = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        os.read(go, 1); os.write(w, str(os.getppid() == 1).encode()); os._exit(0)\n"
        "    os._exit(0)\n"
        "os.wait(); os.write(on, b'x'); print(os.read(r, 10))\n"
    )
    plain, ours = both.plain("-c", code), both.mpdebug("-c", code)
    assert ours.out == "b'True'\n", f"{plain}\n{ours}"


def test_a_thousandth_of_the_environment_is_ours(mpdebug: Command) -> None:
    """Of the environment only MPDEBUG_RUN and PYTHONPATH differ."""
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    import json  # noqa: PLC0415

    ours = json.loads(mpdebug("-c", code).ok().out)
    lab = mpdebug.lab.environment()
    assert {k for k in {*ours, *lab} if ours.get(k) != lab.get(k)} == {
        "MPDEBUG_RUN",
        "PYTHONPATH",
    }
    assert not ours["PYTHONPATH"].endswith(os.pathsep)
