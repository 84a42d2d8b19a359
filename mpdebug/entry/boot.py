"""Let the agent into a process that has just started: what both doors call."""

from __future__ import annotations

import atexit
import os
import sys

from mpdebug.agent import beside, goodbye, guard, identity, nudge, process
from mpdebug.patch import (
    breakpoints,
    descriptors,
    endings,
    environment,
    faulthandling,
    naming,
    on_import,
    registry,
    rights,
    signals,
)
from mpdebug.real import Real
from mpdebug.rundir import layout
from mpdebug.settings import VARIABLE, Settings

FLAG = "_mpdebug"
"""On `sys`: an interpreter may have both doors, and Debian's venvs run a .pth twice."""

hooked = False


def enter() -> None:
    """Begin to observe this process, once; the door calls it before the first line."""
    if getattr(sys, FLAG, False):
        return
    settings = Settings.from_env(os.environ.get(VARIABLE, ""))
    if settings is None or not is_of_this_user(settings.run):
        return
    setattr(sys, FLAG, True)
    guard.inherit_debug(settings)
    light = identity.is_light(sys.orig_argv)
    if light:
        nudge.survive_quit_key(settings)
    else:
        nudge.install(settings)
    agent = process.begin_here(settings, light=light)
    if agent is None:
        nudge.remove()
    if settings.main:
        settings.main = False
        os.environ[VARIABLE] = settings.to_env()
    if light:
        return
    install_patches(settings)
    if agent is not None and settings.capture:
        from mpdebug.agent import capture  # noqa: PLC0415 - only who asks for it pays for it

        capture.redirect()


def is_of_this_user(run: str) -> bool:
    """Whether the folder is there and our own.

    An environment that somebody else made must not tell us where to write, -I or not.
    """
    try:
        found = os.stat(run)
    except OSError:
        return False
    return found.st_uid == os.geteuid() and os.path.isdir(run)


def install_patches(settings: Settings) -> None:
    """Patch `os` now and everything else when it is imported."""
    global hooked  # noqa: PLW0603
    environment.value = settings.to_env()
    environment.patch_os()
    endings.patch_os()
    descriptors.patch_os()
    rights.patch_os()
    faulthandling.patch()
    signals.patch()
    naming.patch_os()
    breakpoints.patch_sys()
    on_import.install()
    if not hooked:
        hooked = True
        atexit.register(goodbye.at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=beside.before, after_in_child=process.after_fork)
        process.on_fork.append(look_for_breaks)
    if settings.pm:
        from mpdebug.patch import failures  # noqa: PLC0415 - only who asks for it pays for it

        failures.install()
    look_for_breaks()  # last: what changes from now on is told by a nudge


def look_for_breaks() -> None:
    """Watch the live breakpoints that are there already; where are none this is one stat."""
    here = process.here
    if here is not None and Real.access(f"{here.settings.run}/{layout.BREAKS}", os.F_OK):
        from mpdebug.agent import breaks  # noqa: PLC0415 - only who has breakpoints pays

        breaks.reload()


def remove_patches() -> None:
    """Take every patch out again. What was registered for forks and exit finds no agent."""
    environment.value = ""
    registry.undo_all()
    nudge.remove()
    breaks = sys.modules.get("mpdebug.agent.breaks")
    if breaks is not None:
        breaks.remove()
