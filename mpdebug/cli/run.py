"""Run a program and see all its processes: their logs, and how each of them dies."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from mpdebug import __version__, env, errors
from mpdebug.cli import options as command_line
from mpdebug.cli import overview
from mpdebug.cli.live import Live
from mpdebug.entry import audience, environ
from mpdebug.rundir import layout, lines, place
from mpdebug.settings import OFF, Settings
from mpdebug.supervisor import interpreter, signals, start
from mpdebug.supervisor.program import Command, run_program

if TYPE_CHECKING:
    from mpdebug.cli.options import RunOptions

MAIN_FILE = "__main__.py"

ABORTED = 3
"""Exit status of a run that --on-hang=abort has ended."""


def main(arguments: list[str]) -> int:
    """Run the program that the arguments name; returns its exit status.

    Raises:
        MpdebugError: the program was not started.
    """
    asked = command_line.parse(arguments)
    if asked.asked:
        return _tell(asked)
    if not asked.program:
        raise errors.UsageError(
            "there is no script to run",
            "Type: python -m mpdebug [options] script.py [arguments]",
        )
    check_script(asked.program)
    command = interpreter.command(asked.program)
    if os.environ.get(OFF, "0") not in {"", "0"}:
        _become(command)
    if not hasattr(os, "posix_spawn"):
        raise errors.UnsupportedError(
            "this system has no way to start a program as python does"
        )
    return supervise(asked, command)


def _tell(asked: RunOptions) -> int:
    """--help and --version."""
    from mpdebug.cli import version  # noqa: PLC0415  # only for who asks

    if asked.asked == "help":
        overview.say(overview.general_help())
    else:
        overview.say(version.verbose() if asked.verbose else version.text())
    return 0


def check_script(program: list[str]) -> None:
    """Whether python could run this script.

    Raises:
        ScriptNotFoundError: there is no such file, it cannot be read, or it is a folder that
            python cannot run.
    """
    script = program[0]
    if script == "-" or script[:2] in {"-m", "-c"}:
        return
    if not os.path.exists(script):
        raise errors.ScriptNotFoundError(f"there is no file {script}", _meant(program))
    inside = os.path.join(script, MAIN_FILE)
    if os.path.isdir(script) and not os.path.exists(inside):
        raise errors.ScriptNotFoundError(f"{script} is a folder without a {MAIN_FILE}")
    if not os.access(script, os.R_OK):
        raise errors.ScriptNotFoundError(
            f"{script} cannot be read", f"Allow it: chmod u+r {script}"
        )


def _meant(program: list[str]) -> str:
    """What to type instead of a script that does not exist."""
    script = program[0]
    rest = " ".join(["", *program[1:]])
    folder, name = os.path.split(script)
    try:
        names = [one for one in os.listdir(folder or ".") if one.endswith(".py")]
    except OSError:
        names = []
    if f"{name}.py" in names:
        return f"Type: python -m mpdebug {script}.py{rest}"
    found = command_line.near(name, names, os.path.join(folder, "{}"))
    if found:
        return f"Did you mean {found}? Type: python -m mpdebug {found}{rest}"
    if not folder:
        words = list(overview.COMMANDS)
        return command_line.near(script, words, "Did you mean the command: mpdebug {}?")
    return ""


def _become(command: list[str]) -> NoReturn:
    """Switched off: be the program, with nothing of ours."""
    for number in start.IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    os.execv(interpreter.executable(), command)  # noqa: S606  # the very interpreter


def supervise(asked: RunOptions, command: list[str]) -> int:
    """Run the program under a supervisor, in a run folder of its own; returns its status."""
    mask = signals.block_all()
    start.fill_gaps()
    _leave_other_run()
    log_file = _open_log_file(asked.log_file) if asked.log_file else None
    path, run = place.make_run(asked.run_dir)
    try:
        write_head(path, run, command, asked)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise errors.UnsafeFolderError(f"cannot write to {path}: {error.strerror}") from error
    live = Live(path, run, asked, log_file)
    replaced = live.replaced()
    settings = _settings(asked, path, replaced)
    live.answers_keys = settings.quit_key
    program = Command(
        executable=interpreter.executable(),
        argv=command,
        environ=environ.program_environment(os.environ, settings),
        mask=frozenset(mask),
        writes_stdout=asked.capture,
        replaced=replaced,
    )
    why = _why_unobserved()
    if why:
        live.terminal.write(f"mpdebug: the program is not observed: {why}\n")
    try:
        status = run_program(program, path, live)
    except OSError as error:  # it was not started
        shutil.rmtree(path, ignore_errors=True)
        raise errors.MpdebugError(
            f"cannot start {command[0]}: {error.strerror or error}",
            f"Look whether it starts without us: {OFF}=1 python -m mpdebug …",
        ) from error
    if live.aborted:
        return ABORTED
    return 1 if (live.stopped or live.fails) and not status else status


def _why_unobserved() -> str:
    """Why we cannot get into the program, with the cure; empty: nothing keeps us out."""
    if sys.flags.no_site:
        return "with -S python reads no start-up file"
    if not sys.flags.ignore_environment:
        return ""
    from mpdebug.cli import door  # noqa: PLC0415  # -I and -E are rare

    if door.is_open():
        return ""
    flag = "-I" if sys.flags.isolated else "-E"
    return f"python was started with {flag}; to get in: mpdebug door install"


def _leave_other_run() -> None:
    """Where we are ourselves a process of a run: the program's is another one."""
    if hasattr(sys, "_mpdebug"):
        from mpdebug.entry import boot  # noqa: PLC0415  # loaded already

        boot.remove_patches()


def _open_log_file(path: str) -> int:
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise errors.UsageError(
            f"cannot write to {path}: {error.strerror}", "Type: --log-file=FILE"
        ) from error


def _settings(asked: RunOptions, path: str, replaced: dict[int, int]) -> Settings:
    return Settings(
        path,
        supervisor=os.getpid(),
        capture=asked.capture,
        out=_ident(replaced.get(1, 1)),
        err=_ident(replaced.get(2, 2)),
        mp_log=asked.mp_log,
        only=asked.only,
        ignore=asked.ignore,
        debug=asked.debug,
        breakpoints="" if asked.breakpoints == "stop" else asked.breakpoints,
        waits=audience.somebody_looks(),
        wait=asked.wait,
        pm=asked.pm,
        script=asked.script,
        tcp=asked.tcp,
        remote_pdb=_remote_pdb(),
        signals=asked.signals,
        record="" if asked.waits == "full" else asked.waits,
        quit_key=env.HAS_REALTIME_SIGNALS and audience.in_foreground(),
    )


def _remote_pdb() -> str:
    """The file of our debugger: another interpreter of the program need not have it.

    Looked for along sys.path, which takes 20 µs; importing the finders would take 5 ms.
    """
    for folder in sys.path:
        path = os.path.join(folder, "remote_pdb.py")
        if os.path.isfile(path):
            return os.path.abspath(path)
    return ""


def _ident(fd: int) -> str:
    """`device:inode` of a descriptor, by which processes know our stdout and stderr again."""
    stat = os.fstat(fd)
    return f"{stat.st_dev}:{stat.st_ino}"


def write_head(path: str, run: str, command: list[str], asked: RunOptions) -> None:
    """Write run.json. Raises OSError."""
    lines.write_json(
        os.path.join(path, layout.RUN),
        {
            "format": layout.FORMAT,
            "id": run,
            "command": command,
            "cwd": _cwd(),
            "user": os.environ.get("USER", str(os.getuid())),
            "host": env.host(),
            "boot": layout.boot_id(),
            "python": env.PYTHON,
            "version": __version__,
            "supervisor": {"pid": os.getpid(), "start": layout.start_of() or 0},
            "started": time.time(),
            "mono": time.monotonic_ns(),
            "settings": asked.as_settings(),
            "start_method": env.DEFAULT_START_METHOD,
        },
    )


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed; the program may run all the same
        return ""
