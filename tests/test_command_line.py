"""What can be typed: programs, options, commands, settings; and what mistakes are told."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpdebug import __version__, env, errors
from mpdebug.cli import options, overview, run, version
from mpdebug.supervisor import interpreter

if TYPE_CHECKING:
    from tests.harness import Command, Lab

pytestmark = pytest.mark.once

PRINT = "import sys; print(sys.argv)"


def rejected(done: object, *words: str) -> None:
    """The command line was refused: status 2, nothing on stdout, one error with its cure."""
    status, out, err = done.status, done.out, done.err  # type: ignore[attr-defined]
    assert (status, out) == (2, ""), err
    assert err.startswith("mpdebug: ")
    assert len(err.splitlines()) <= 2
    for word in words:
        assert word in err


@pytest.mark.parametrize(
    ("words", "argv"),
    [
        (["-c", PRINT, "a", "--keep"], ["-c", "a", "--keep"]),
        (["-c" + PRINT, "b"], ["-c", "b"]),
        (["run", "-c", PRINT], ["-c"]),
        (["--logs=off", "--fold", "-c", PRINT, "--logs"], ["-c", "--logs"]),
        (["--logs", "all", "run.py", "logs"], ["run.py", "logs"]),
        (["run", "logs", "x"], ["logs", "x"]),
        (["./logs", "-h"], ["./logs", "-h"]),
        (["--", "run.py", "--version"], ["run.py", "--version"]),
        (["run.py", "-"], ["run.py", "-"]),
        (["run.py", "ä\udcff", ""], ["run.py", "ä\udcff", ""]),
    ],
)
def test_the_programs_words_are_its_own(
    mpdebug: Command, tmp_path: Path, words: list[str], argv: list[str]
) -> None:
    """The first word that is no option ends ours; all that follows is the program's."""
    for name in ("run.py", "logs"):
        (tmp_path / name).write_text(PRINT)
    done = mpdebug(*words).ok()
    assert ast.literal_eval(done.out) == argv
    assert done.err == ""


def test_a_script_from_stdin(mpdebug: Command) -> None:
    """`-` reads the script from standard input."""
    assert mpdebug("-", "a", input=PRINT).ok().out == "['-', 'a']\n"


def test_no_arguments_is_a_question(mpdebug: Command) -> None:
    """Without arguments there is the help, and status 2; nothing is run."""
    done = mpdebug(input="print('not this')")
    assert done.status == 2
    assert "usage: python -m mpdebug" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--levle", "info", "x.py"], ["--levle", "Did you mean --level?"]),
        (["--lo=all", "x.py"], ["no option --lo"]),
        (["--level"], ["--level needs a value", "--level=LEVEL"]),
        (["--level=", "x.py"], ["--level needs a value"]),
        (["--level", "loud", "x.py"], ["--level cannot be 'loud'", "warning"]),
        (["--logs=some", "x.py"], ["--logs cannot be 'some'", "auto, all, off"]),
        (["--keep=yes", "x.py"], ["--keep takes no value"]),
        (["--no-level", "x.py"], ["no option --no-level"]),
        (["-u", "x.py"], ["-u is an option of python", "python -u -m mpdebug x.py"]),
        (["-z", "x.py"], ["no option -z"]),
        (["-m"], ["-m needs the name of a module"]),
        (["--keep"], ["no script to run"]),
        (["nowhere.py"], ["no file nowhere.py"]),
        (["skript.py", "a"], ["no file skript.py", "python -m mpdebug script.py a"]),
        (["script"], ["no file script", "python -m mpdebug script.py"]),
        (["lgos"], ["no file lgos", "mpdebug logs"]),
        (["folder"], ["folder is a folder without a __main__.py"]),
        (["--log-file=folder", "script.py"], ["cannot write to folder: Is a directory"]),
        (["--run-dir=full", "script.py"], ["cannot use", "not empty"]),
        (["door", "opne"], ["door:", "opne"]),
        (["door"], ["door:", "install|remove|status"]),
        (["logs", "--process"], ["logs:", "--process: expected one argument", "--help"]),
        (["door", "status", "--pyton", "x"], ["--pyton", "Did you mean --python?"]),
        (["stacks", "--samples", "x"], ["--samples", "'x'", "See: mpdebug stacks --help"]),
    ],
    ids=lambda words: " ".join(words) if words and " " not in words[0] else "",
)
def test_a_mistake_is_told_in_a_line(
    mpdebug: Command, tmp_path: Path, words: list[str], told: list[str]
) -> None:
    """What is wrong, what to type, status 2, and no program is started."""
    (tmp_path / "script.py").write_text("print('started')")
    (tmp_path / "folder").mkdir()
    (tmp_path / "full").mkdir(0o700)
    (tmp_path / "full" / "file").touch()
    rejected(mpdebug(*words), *told)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_script_is_told(mpdebug: Command, tmp_path: Path) -> None:
    """A script that may not be read is refused with the command that allows it."""
    (tmp_path / "script.py").touch(0o000)
    rejected(mpdebug("script.py"), "cannot be read", "chmod u+r script.py")


@pytest.mark.once
@pytest.mark.parametrize("name", [*overview.COMMANDS, ""])
def test_each_command_has_help_with_an_example(mpdebug: Command, name: str) -> None:
    """--help says how it is called, in at most 100 columns, and shows an example."""
    done = mpdebug(*([name] if name else []), "--help").ok()
    assert done.err == ""
    assert "usage: " in done.out
    example = "python -m mpdebug" if name in {"", "run"} else f"\n  mpdebug {name}"
    assert example in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 100


def test_every_option_is_in_the_help_and_in_the_settings() -> None:
    """One table: what can be typed is told in the help and kept in run.json."""
    asked = options.RunOptions()
    for option in options.OPTIONS:
        assert f"--{option.name}" in overview.general_help()
        assert option.name in asked.as_settings()


def test_the_version(mpdebug: Command) -> None:
    """--version is the version; with --verbose also the facts of env and each platform."""
    assert mpdebug("--version").ok().out == f"mpdebug {__version__}\n"
    told = mpdebug("--version", "--verbose").ok().out
    for name, _, _ in env.facts():
        assert name in told
    for platform in version.PLATFORMS:
        assert platform in told


def test_what_a_platform_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a run where there is no posix_spawn is an error that says so."""
    monkeypatch.delattr(os, "posix_spawn")
    with pytest.raises(errors.UnsupportedError) as caught:
        run.main(["-c", "pass"])
    assert "--version --verbose" in caught.value.cure


def test_the_switch_off_runs_the_program_itself(mpdebug: Command) -> None:
    """With MPDEBUG_DISABLE=1 our process becomes the program: no child, nothing of ours."""
    code = "import os, sys; print(os.getpid(), [m for m in sys.modules if 'mpdebug' in m])"
    started = mpdebug.start("-c", code, env={"MPDEBUG_DISABLE": "1"})
    done = started.finish()
    assert done.ok().out == f"{started.pid} []\n"


def test_settings_come_from_the_nearest_pyproject(mpdebug: Command, tmp_path: Path) -> None:
    """[tool.mpdebug] gives defaults; the command line overrides them; paths are the file's."""
    (tmp_path / "below").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        '[tool.mpdebug]\nlevel = "error"\nlog-file = "all.jsonl"\nonly = ["a*", "b*"]\n'
        'fold = false\nrun-dir = "runs"\n'
    )
    mpdebug("--level", "info", "-c", "pass", cwd=tmp_path / "below").ok()
    told = json.loads((tmp_path / "runs" / "run.json").read_text())
    settings = told["settings"]
    assert (settings["level"], settings["only"], settings["fold"]) == ("info", "a*,b*", False)
    assert (tmp_path / "all.jsonl").exists()
    assert (told["status"], told["command"][-2:]) == (0, ["-c", "pass"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("levle = 'info'", "Did you mean level?"),
        ("level = 'loud'", "cannot be 'loud'"),
        ("keep = 'yes'", "true or false"),
        ("logs = true", "must be text"),
        ("level = ", "cannot read"),
    ],
)
def test_a_wrong_setting_is_told(
    mpdebug: Command, tmp_path: Path, line: str, told: str
) -> None:
    """An unknown name or value in pyproject.toml names the file, and nothing is started."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.mpdebug]\n{line}\n")
    rejected(mpdebug("-c", "print(1)"), told, str(tmp_path / "pyproject.toml"))


@pytest.mark.parametrize(
    ("argv", "flags"),
    [
        ("python -m mpdebug x.py -u", []),
        ("python -u -O -m mpdebug", ["-u", "-O"]),
        ("python -uOm mpdebug", ["-uO"]),
        ("python -ummpdebug", ["-u"]),
        ("python -Wd -W error -m mpdebug", ["-Wd", "-W", "error"]),
        ("python -uWd -m mpdebug", ["-uWd"]),
        ("python -uW d -m mpdebug", ["-uW", "d"]),
        (
            "python -X dev -Xfrozen_modules=off -m mpdebug",
            ["-X", "dev", "-Xfrozen_modules=off"],
        ),
        ("python -X m -m mpdebug", ["-X", "m"]),
        (
            "python --check-hash-based-pycs never -m mpdebug",
            ["--check-hash-based-pycs", "never"],
        ),
        ("python -bb -- /bin/mpdebug -x", ["-bb"]),
        ("python -s /bin/mpdebug -O", ["-s"]),
        ("python", []),
    ],
)
def test_flags_of_an_interpreter(argv: str, flags: list[str]) -> None:
    """The flags are what stands before -m, -c or the script, values and clusters included."""
    assert interpreter.flags(argv.split()) == flags


def test_the_log_file_has_all_records(mpdebug: Command, tmp_path: Path) -> None:
    """--log-file gets every record that the program's levels let through, `time` first."""
    code = (
        "import logging; logging.basicConfig(level=20); log = logging.getLogger('a')\n"
        "log.info('one', extra={'k': 1}); log.debug('no'); log.error('two')"
    )
    done = mpdebug("--logs=off", "--log-file", "out.jsonl", "-c", code).ok()
    assert "INFO:a:one" in done.err
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [record["event"] for record in records] == ["one", "two"]
    assert next(iter(records[0])) == "time"
    assert records[0]["process"] == "MainProcess"


def test_a_kept_run_is_told(mpdebug: Command, tmp_path: Path) -> None:
    """--keep and --run-dir keep the run, and say how to read it; otherwise nothing is left."""
    done = mpdebug("--keep", "-c", "pass").ok()
    assert done.err.startswith("mpdebug: Kept: mpdebug logs ")
    assert str(done.run_folder) in done.err
    done = mpdebug("--run-dir", "mine", "-c", "pass").ok()
    assert done.err == f"mpdebug: Kept: mpdebug logs {tmp_path / 'mine'}\n"
    assert (tmp_path / "mine" / "run.json").exists()


def test_a_normal_run_leaves_and_says_nothing(mpdebug: Command, lab: Lab) -> None:
    """No word and no folder after a program that ended well."""
    code = "import multiprocessing as m; p = m.Process(target=print); p.start(); p.join()"
    done = mpdebug("-c", f"if __name__ == '__main__':\n {code}")
    assert (done.status, done.out, done.err) == (0, "\n", "")
    assert os.listdir(lab.state_home / "mpdebug") == []


DOOR_CHILD = (
    "import subprocess, sys\n"
    "for flag in ('-I', '-E', '-s'):\n"
    "    print(subprocess.check_output([sys.argv[1], flag, '-c',"
    ' \'import sys; print(hasattr(sys, "_mpdebug"), "sitecustomize" in sys.modules)\']'
    ").decode().strip())\n"
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The python of a fresh environment, without pip and without mpdebug."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return str(folder / "bin" / "python")


def test_the_door_lets_us_into_isolated_pythons(mpdebug: Command, environment: str) -> None:
    """After `door install` -I and -E are observed, after `door remove` they are not."""

    def door(what: str) -> tuple[int, str]:
        done = mpdebug("door", what, "--python", environment)
        assert done.err == ""
        return done.status, done.out

    before = mpdebug("-c", DOOR_CHILD, environment).ok().out.splitlines()
    assert before == ["False False", "False False", "True False"]
    assert door("status")[0] == 1
    assert door("install")[0] == 0
    status, said = door("status")
    assert (status, said.count("is there")) == (0, 3)
    after = mpdebug("-c", DOOR_CHILD, environment).ok().out.splitlines()
    assert after == ["True False"] * 3
    quiet = subprocess.run(
        [environment, "-I", "-c", "import sys; print('mpdebug' in sys.modules)"],
        capture_output=True,
        check=True,
    )
    assert (quiet.stdout, quiet.stderr) == (b"False\n", b"")
    assert "was removed" in door("remove")[1]
    assert "was not in" in door("remove")[1]
    found = Path(environment).parent.parent.rglob("*mpdebug*")
    assert list(found) == []


def test_a_door_that_leads_nowhere_is_silent(mpdebug: Command, environment: str) -> None:
    """When mpdebug was moved or removed, pythons of that environment start as without us."""
    mpdebug("door", "install", "--python", environment).ok()
    found = next(Path(environment).parent.parent.rglob("_mpdebug_door.py"))
    text = found.read_text()
    found.write_text(text.replace("PACKAGE = '", "PACKAGE = '/nowhere"))
    try:
        done = mpdebug("-c", DOOR_CHILD, environment).ok()
        assert done.out.splitlines()[:2] == ["False False"] * 2
        assert done.err == ""
        told = mpdebug("door", "status", "--python", environment)
        assert "leads to another mpdebug" in told.out
        assert "which is gone" in told.out
    finally:
        mpdebug("door", "remove", "--python", environment).ok()


def test_a_python_that_is_none_has_no_door(mpdebug: Command) -> None:
    """A program that is no python, or is not there, is told."""
    for name in ("/bin/false", "/no/such/python"):
        rejected(mpdebug("door", "status", "--python", name), f"cannot run {name}")


@pytest.mark.parametrize("home", ["/proc/nope", "/dev/null"])
def test_a_home_for_runs_that_cannot_be_made(mpdebug: Command, home: str) -> None:
    """A state folder that cannot be made: one clear line, status 2, and no traceback."""
    done = mpdebug("-c", "print('ran')", env={"XDG_STATE_HOME": home})
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"mpdebug: cannot make {home}")
    assert "--run-dir" in done.err
