"""A stop in a program that was started plainly: a run for it, and the line that leads to it.

Eight workers of one Pool must come into one run, and none of them knows of the others: the
first one leaves a link that is named after the process that made them all.
"""

from __future__ import annotations

import os
import shutil
import sys

from mpdebug.agent import guard, identity, process
from mpdebug.entry import audience, install
from mpdebug.real import Real
from mpdebug.rundir import layout, place
from mpdebug.settings import VARIABLE, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def open_run() -> process.Agent | None:
    """Observe this process from now on; None if that cannot be.

    Nobody supervises such a run. A stop waits where a terminal is there, and CI is not set.
    """
    with guard.quiet:
        settings = Settings(_shared_run(), waits=audience.somebody_looks())
        os.environ[VARIABLE] = settings.to_env()
        install.install()
        here = process.here
        current = _current_process()
        if here is not None and current is not None:
            here.tell_who(**identity.of_process(current))
        elif here is not None:
            here.tell_who(role=layout.MAIN, name="MainProcess")
    return process.here


def _current_process() -> Any:
    """The Process that multiprocessing has made of us; None in the main process."""
    module = sys.modules.get("multiprocessing.process")
    if module is None or module.parent_process() is None:
        return None
    return module.current_process()


def _shared_run() -> str:
    """The run that this process and its siblings share; made by the first of them."""
    family = Real.getppid() if _current_process() is not None else os.getpid()
    name = f"{family}-{layout.start_of(family) or 0}"
    link = os.path.join(place.links(), name)
    if os.path.isdir(link):
        return os.path.realpath(link)
    path = install.open_run("", [sys.executable, *sys.argv])  # of a spawned child: its parent's
    while True:
        try:
            os.symlink(path, link)
        except FileExistsError:
            if os.path.isdir(link):  # a sibling was first
                shutil.rmtree(path, ignore_errors=True)
                return os.path.realpath(link)
            os.unlink(link)  # its run was cleaned away
        else:
            return path
