"""The program sees, prints and ends as it does without us.

Each test runs the same program twice, plainly and under mpdebug, and compares what came out.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import program

if TYPE_CHECKING:
    from tests.harness import Both, Command, Finished, Lab

WORLD = "world.py"


def as_script(folder: Path) -> list[str]:
    shutil.copy(program(WORLD), folder / "script.py")
    return ["script.py"]


def as_script_elsewhere(_: Path) -> list[str]:
    return [program(WORLD)]


def as_module(folder: Path) -> list[str]:
    (folder / "package").mkdir(exist_ok=True)
    (folder / "package" / "__init__.py").touch()
    shutil.copy(program(WORLD), folder / "package" / "part.py")
    return ["-m", "package.part"]


def as_glued_module(folder: Path) -> list[str]:
    return ["-mpackage.part"] if as_module(folder) else []


def as_code(_: Path) -> list[str]:
    return ["-c", f"exec(open({program(WORLD)!r}).read())"]


def as_folder(folder: Path) -> list[str]:
    (folder / "folder").mkdir(exist_ok=True)
    shutil.copy(program(WORLD), folder / "folder" / "__main__.py")
    return ["folder"]


def as_zip(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder / "program.zip", "w") as file:
        file.write(program(WORLD), "__main__.py")
    return ["program.zip"]


def as_odd_name(folder: Path) -> list[str]:
    shutil.copy(program(WORLD), folder / "logs")
    return ["./logs"]


WAYS = [
    as_script, as_script_elsewhere, as_module, as_glued_module, as_code, as_folder, as_zip,
    as_odd_name,
]  # fmt: skip


def same_world(both: Both, *args: str, said: str = "", **how: Any) -> dict[str, Any]:
    """Run world.py in some way twice; what it saw has to be the same.

    Args:
        both: runs it.
        args: the way.
        said: a line of ours that comes before it.
        how: what `Command` takes.
    """
    ours = both.mpdebug(*args, **how)
    plain = both.plain(*args, **how)
    seen, expected = (json.loads(done.stdout or "{}") for done in (ours, plain))
    for each in (seen, expected):
        if "status" in each:  # 32 and 33 are the C library's own: posix_spawn ignores them
            bits = int(each["status"]["SigIgn"], 16) & ~(3 << 31)
            each["status"]["SigIgn"] = f"{bits:016x}"
    assert seen == expected
    assert (ours.err, ours.status) == (said + plain.err, plain.status)
    return seen  # type: ignore[no-any-return]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_program_sees_the_same_world(both: Both, tmp_path: Path, way: Any) -> None:
    """argv, sys.path, __main__, descriptors, handlers, masks, limits …: equal for each way."""
    seen = same_world(both, *way(tmp_path), "one", "--help", "--logs=off", "")
    assert seen["argv"][1:] == ["one", "--help", "--logs=off", ""]


def test_a_script_from_stdin_sees_the_same_world(both: Both) -> None:
    """`python -` reads its script from our stdin."""
    seen = same_world(both, "-", "a", input=Path(program(WORLD)).read_bytes())
    assert seen["argv"] == ["-", "a"]


@pytest.mark.parametrize(
    "flags",
    [
        ["-u"],
        ["-O"],
        ["-OO"],
        ["-b", "-bb"],
        ["-B"],
        ["-s"],
        ["-P"],
        ["-q"],
        ["-X", "dev"],
        ["-Xutf8=0", "-X", "faulthandler"],
        ["-Wd"],
        ["-W", "error"],
        ["-W", "ignore::UserWarning", "-Werror"],
        ["-uOBWd", "-X", "importtime=0"] if sys.version_info >= (3, 14) else ["-uOBWd"],
        ["--check-hash-based-pycs", "always"],
        ["-d"],
        ["-R"],
    ],
    ids=" ".join,
)
def test_flags_of_python_are_carried_to_the_program(both: Both, flags: list[str]) -> None:
    """sys.flags, warning filters and -X options are those that python was given."""
    same_world(both, program(WORLD), flags=flags)


@pytest.mark.parametrize("flag", ["-E", "-I"])
def test_a_python_that_ignores_the_environment_runs_as_without_us(
    both: Both, flag: str
) -> None:
    """-E and -I keep us out unless the door is installed: that is told, and changes nothing."""
    said = f"mpdebug: the program is not observed: python was started with {flag}; to get in:"
    same_world(both, program(WORLD), flags=[flag], said=f"{said} mpdebug door install\n")


def test_glued_flags_and_module(lab: Lab) -> None:
    """`python -uOm mpdebug` gives the program -uO."""
    code = "import sys; print(sys.orig_argv[1:], sys.flags.optimize)"
    done = lab.start([sys.executable, "-uOm", "mpdebug", "-c", code]).finish()
    assert done.ok().out == f"['-uO', '-c', {code!r}] 1\n"


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONPATH": "/nowhere:/elsewhere"},
        {"PYTHONPATH": ""},
        {"PYTHONUNBUFFERED": "1"},
        {"PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"},
        {"PYTHONWARNINGS": "error"},
        {"PYTHONSAFEPATH": "1"},
        {"PYTHONDEVMODE": "1"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "latin-1"},
        {"MPDEBUG_DISABLE": "1"},
        {"HOME": None, "PATH": "/usr/bin", "ODD": "a=b;c\udc80"},
    ],
    ids="-".join,
)
def test_the_environment_is_the_programs(both: Both, environ: dict[str, str | None]) -> None:
    """All variables arrive as they are, and do to python what they do without us."""
    same_world(both, program(WORLD), env=environ)


def test_what_was_inherited_goes_on(lab: Lab, tmp_path: Path) -> None:
    """umask, ignored signals, limits, niceness and working directory are not touched."""
    (tmp_path / "x y").mkdir()
    seen = []
    for words in ("", "-m mpdebug"):
        line = (
            "umask 037; ulimit -n 77; ulimit -c 0; trap '' HUP USR1; cd 'x y'; "
            f"exec nice -n 3 {sys.executable} {words} {program(WORLD)}"
        )
        seen.append(json.loads(lab.start(["sh", "-c", line]).finish().ok().stdout))
        seen[-1]["status"]["SigIgn"] = int(seen[-1]["status"]["SigIgn"], 16) & ~(3 << 31)
    assert seen[0] == seen[1]
    assert (seen[0]["umask"], seen[0]["nice"]) == ("0o37", min(os.nice(0) + 3, 19))


def test_a_blocked_signal_stays_blocked(both: Both) -> None:
    """The program starts with the mask that we inherited."""
    import signal  # noqa: PLC0415

    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGCHLD})
    try:
        seen = same_world(both, program(WORLD))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    assert int(seen["status"]["SigBlk"], 16) == 1 << 11 | 1 << 16


def test_the_status_is_told_where_sigchld_was_ignored(lab: Lab) -> None:
    """A parent that ignores SIGCHLD hands that on; we wait for the program all the same."""
    line = f"trap '' CHLD; exec {sys.executable} -m mpdebug -c 'import sys; sys.exit(9)'"
    done = lab.start(
        ["perl", "-e", '$SIG{CHLD}="IGNORE"; exec @ARGV', "sh", "-c", line]
    ).finish()
    assert (done.status, done.err) == (9, "")


ENDS = [
    "exit0", "exit1", "exit3", "exit255", "exit256", "exit-1", "exit text", "_exit0", "_exit7",
    "exception", "interrupt", "in atexit", "in atexit by exit", "in a thread", "broken stdout",
    "syntax", "stack overflow",
    "signal1", "signal2", "signal13", "signal14", "signal15", "signal10",
]  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
def test_a_program_ends_as_without_us(both: Both, how: str) -> None:
    """Exit status (a death by signal too), stdout and traceback are the same."""
    both(program("ends_as_told.py"), *how.split(), stderr=True)


def test_an_exception_of_the_main_process_is_told_by_python_alone(mpdebug: Command) -> None:
    """Its traceback is not told again; what was logged before it is kept, and where is said."""
    code = (
        "import logging, multiprocessing as m\n"
        "if __name__ == '__main__':\n"
        " logging.getLogger('a').warning('before')\n"
        " raise ValueError('main')"
    )
    done = mpdebug("-c", code)
    before, after = done.err.split("ValueError: main\n")
    assert before.startswith("before\nTraceback (most recent call last):\n")
    assert after.startswith("mpdebug: 1 of 1 process died (MainProcess: ValueError). Kept: ")
    assert done.run.processes[0].last_records


@pytest.mark.parametrize("how", ["segfault", "abort", "signal9", "signal35"])
def test_a_crash_is_told_after_what_the_program_said(both: Both, how: str) -> None:
    """A crash has the same status, and what we say about it follows on stderr."""
    plain, ours = both(program("ends_as_told.py"), how)
    assert plain.status < 0
    assert ours.err.startswith(f"{plain.err}mpdebug: MainProcess")


@pytest.mark.once
def test_python_says_what_is_wrong_with_a_script(both: Both, tmp_path: Path) -> None:
    """A syntax error, a missing module, a zip that is none: python's own words and status."""
    (tmp_path / "wrong.py").write_text("a b\n")
    (tmp_path / "odd.zip").write_bytes(b"PK\3\4 no zip")
    for words in (["wrong.py"], ["-m", "no_such_module"], ["-c", "a b"], ["odd.zip"]):
        plain, _ = both(*words, stderr=True)
        assert plain.status == 1


def test_a_module_beside_the_script_does_not_break_us(both: Both, tmp_path: Path) -> None:
    """Modules in the working directory or on PYTHONPATH may be called like the library's."""
    for name in ("rich", "queue", "structlog", "logging", "selectors", "json", "socket"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    (tmp_path / "script.py").write_text("print(1)\n")
    for environ in ({}, {"PYTHONPATH": "."}, {"PYTHONPATH": str(tmp_path)}):
        both("script.py", env=environ, stderr=True)
        done = both.mpdebug("-c", "import os; os.abort()", env=environ)
        assert "wrong module" not in done.err
        assert "was killed by SIGABRT" in done.err


def test_few_descriptors_are_enough_for_us(lab: Lab) -> None:
    """With a limit of 20 open files the program runs, and finds that very limit."""
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    line = f"ulimit -n 20; exec {sys.executable} -m mpdebug -c '{code}'"
    done = lab.start(["sh", "-c", line]).finish()
    assert (done.out, done.err, done.status) == ("(20, 20)\n", "", 0)


def test_no_core_file_of_ours(lab: Lab, tmp_path: Path) -> None:
    """When the program dies with a core dump, we die by the same signal without one."""
    limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if limit == 0:
        pytest.skip("core dumps are forbidden here")
    line = f"ulimit -c {'unlimited' if limit < 0 else limit // 512}; exec {sys.executable} "
    line += "-m mpdebug -c 'import os; os.abort()'"
    done = lab.start(["sh", "-c", line]).finish()
    assert done.status == -6
    assert len(list(tmp_path.glob("core*"))) <= 1


def test_a_deleted_working_directory_is_no_trouble(both: Both, tmp_path: Path) -> None:
    """A program that needs no working directory runs without one."""
    said: list[Finished] = []
    for command in (both.plain, both.mpdebug):
        (tmp_path / "gone").mkdir()
        words = " ".join(command.words)
        line = f"cd gone; rmdir ../gone; exec {sys.executable} -P {words} -c 'print(1)'"
        said.append(both.plain.lab.start(["sh", "-c", line]).finish())
    assert [(one.out, one.err, one.status) for one in said] == [("1\n", "", 0)] * 2
