"""Let mpdebug into pythons that ignore the environment: those started with -I or -E.

Every other python below a run is observed without this. `install` puts three small files into
the site-packages of the environment that mpdebug runs in, or of the one whose python is named;
they do nothing in a process that is not part of a run. `remove` takes them away again.

  mpdebug door install
  mpdebug door install --python .venv/bin/python
  mpdebug door status

The status of `status` is 0 if the door is there and leads here, else 1.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.cli import terminal
from mpdebug.entry import site_files
from mpdebug.settings import VARIABLE

if TYPE_CHECKING:
    import argparse

HELP = __doc__ or ""

ASK = (
    "import site, sysconfig, sys; "
    "print(sysconfig.get_path('purelib'), *getattr(site, 'getsitepackages', list)(), sep='\\n')"
)
PATIENCE = 30  # seconds for a python to say where its site-packages are


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug door`."""
    words = ("install", "remove", "status")
    parser.add_argument("what", choices=words, metavar="|".join(words), help="what to do")
    parser.add_argument(
        "--python", metavar="EXE", default="", help="a python of the environment; else this one"
    )


def main(args: argparse.Namespace) -> int:
    """Install, remove or look at the door.

    Raises:
        DoorError: that python does not run, or its site-packages cannot be written.
    """
    folder = site_packages(args.python)
    screen = terminal.stdout()
    try:
        if args.what == "install":
            site_files.install(folder)
            screen.write(f"the door is in {folder}\n")
            return 0
        if args.what == "remove":
            names = site_files.remove(folder)
            said = "was removed from" if names else "was not in"
            screen.write(f"the door {said} {folder}\n")
            return 0
    except OSError as error:
        raise errors.DoorError(
            f"cannot {args.what} the door in {folder}: {error.strerror}",
            "Name a python of an environment that you may change: "
            f"mpdebug door {args.what} --python .venv/bin/python",
        ) from error
    found = site_files.status(folder)
    screen.write(f"{folder}\n")
    for name, wrong in found.items():
        screen.write(f"  {name:<20}{wrong or 'is there'}\n")
    return 1 if any(found.values()) else 0


def is_open() -> bool:
    """Whether pythons of this environment that ignore the environment let us in."""
    try:
        return not any(site_files.status(site_packages("")).values())
    except errors.DoorError:
        return False


def site_packages(python: str) -> str:
    """The folder that a python reads its .pth files from, also with -I.

    Args:
        python: its path; empty: the one that runs us.

    Raises:
        DoorError: it cannot be run, or has no such folder.
    """
    if python:
        folders = _asked(python)
    else:
        folders = [sysconfig.get_path("purelib"), *site.getsitepackages()]
    first, *known = folders or [""]
    if first in known:
        return first
    for folder in known:
        if os.path.isdir(folder):
            return folder
    raise errors.DoorError(f"{python or sys.executable} has no site-packages")


def _asked(python: str) -> list[str]:
    environ = {name: value for name, value in os.environ.items() if name != VARIABLE}
    try:
        done = subprocess.run(
            [python, "-I", "-c", ASK],
            env=environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or "it is no working python"
        raise errors.DoorError(
            f"cannot run {python}: {why}",
            "Name a python: mpdebug door install --python .venv/bin/python",
        ) from error
    return done.stdout.splitlines()
