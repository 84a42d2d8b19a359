"""`mpdebug.install()`: for a program that is not started by `python -m mpdebug`."""

from __future__ import annotations

import os
import platform
import sys
import time

from mpdebug import __version__, env, errors
from mpdebug.agent import guard, nudge, process
from mpdebug.entry import boot
from mpdebug.patch import environment
from mpdebug.rundir import layout, place
from mpdebug.settings import VARIABLE, Settings


def install(*, run_dir: str = "") -> str:
    """Observe this process and every process it makes from now on; returns the run's path.

    In a process that already is observed this changes nothing and returns its run. Otherwise
    a run is opened: nobody supervises it, nothing is printed, and it stays until
    `mpdebug runs --clean`; read it with `mpdebug logs`. Children find it by two environment
    variables that are set here. Call it early: what multiprocessing and logging have made
    before (locks, pools, children) is not seen.

    Args:
        run_dir: a new or empty folder for the run; default: below $XDG_STATE_HOME or tmp.

    Raises:
        UnsafeFolderError: no private folder can be made.
        UnsupportedError: this interpreter is too old.
    """
    if process.here is not None:
        return process.here.settings.run
    if not env.SUPPORTED_PYTHON:
        raise errors.UnsupportedError("mpdebug needs CPython 3.11 or newer")
    settings = Settings.from_env(os.environ.get(VARIABLE, ""))
    if settings is None or not boot.is_of_this_user(settings.run):
        settings = Settings(open_run(run_dir))
        os.environ[VARIABLE] = settings.to_env()
        os.environ["PYTHONPATH"] = environment.with_door(os.environ.get("PYTHONPATH", ""))
        settings.main = True
    nudge.install(settings, late=True)
    process.begin_here(settings)
    settings.main = False
    setattr(sys, boot.FLAG, True)
    boot.install_patches(settings)
    return settings.run


def open_run(run_dir: str, command: list[str] | None = None) -> str:
    """Make a run folder that nobody supervises; returns its path.

    Args:
        run_dir: where; empty: a fresh folder below `place.base()`.
        command: what runs; None: this interpreter's command line.

    Raises:
        UnsafeFolderError: no private folder can be made.
    """
    from mpdebug.rundir import lines  # noqa: PLC0415 - loads json, which an observed child must not

    path, run = place.make_run(run_dir)
    facts = {
        "format": layout.FORMAT,
        "id": run,
        "command": command or list(sys.orig_argv),
        "cwd": os.getcwd(),
        "user": os.getuid(),
        "host": platform.node(),
        "boot": layout.boot_id(),
        "python": platform.python_version(),
        "version": __version__,
        "supervisor": None,
        "started": time.time(),
        "mono": time.monotonic_ns(),
        "settings": {},
    }
    lines.write_json(os.path.join(path, layout.RUN), facts)
    return path


def uninstall() -> None:
    """Take every patch out again and stop observing this process.

    Children that are made from now on are not observed either. What was written stays.
    """
    boot.remove_patches()
    setattr(sys, boot.FLAG, False)
    os.environ.pop(VARIABLE, None)
    parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    rest = [part for part in parts if part and part != environment.DOOR]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)
    if process.here is not None:
        process.here.goodbye("returned")
        with guard.quiet:
            process.here.records.close()
            process.here.events.close()
        process.end()
