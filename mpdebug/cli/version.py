"""`--version`, and with `--verbose` what this interpreter and this platform can do."""

from __future__ import annotations

import os
import sys

from mpdebug import __version__, env

ABILITIES = (
    # what, on Linux, on macOS, on Windows; a reason where it is missing
    ("run a program, know its processes", "", "", "no way to start a program as python does"),
    ("gather the logs of all processes", "", "", "goes with running a program"),
    ("tell deaths that nobody else saw", "", "no pidfd and no /proc: told by the parent", "-"),
    ("tell the out-of-memory killer", "", "there are no memory cgroups", "-"),
    ("know who sent a signal", "", "no signalfd: a kill looks like a Ctrl-C", "-"),
    ("see how orphans end", "", "there are no child subreapers", "-"),
    ("sleep until something is written", "", "no inotify: looks every half second", "-"),
)
"""What mpdebug does, and why a platform cannot do it ("": it can, "-": see the first line)."""

PLATFORMS = ("Linux", "macOS", "Windows")


def text() -> str:
    """`mpdebug 1.2.3`."""
    return f"mpdebug {__version__}\n"


def verbose() -> str:
    """The version, the facts of this interpreter, and what each platform can do."""
    rows = [
        text() + f"{sys.implementation.name} {env.PYTHON}, {sys.executable}",
        f"from {_place()}",
    ]
    rows += ["", "This interpreter and this system", ""]
    for name, value, missing in env.facts():
        if isinstance(value, str):
            rows.append(f"  {name:<24}{value}")
        else:
            rows.append(f"  {name:<24}{'yes' if value else 'no'}{_why(value, missing)}")
    rows += ["", "What mpdebug can do", ""]
    rows.append(f"  {'':<36}" + "".join(f"{platform:<9}" for platform in PLATFORMS))
    notes: list[str] = []
    for what, *reasons in ABILITIES:
        cells = []
        for platform, reason in zip(PLATFORMS, reasons, strict=True):
            cells.append(f"{'no' if reason else 'yes':<9}")
            if len(reason) > 1:
                notes.append(f"  {platform + ':':<9}{what}: {reason}")
        rows.append(f"  {what:<36}" + "".join(cells).rstrip())
    return "\n".join([*rows, "", "Why not", "", *notes]) + "\n"


def _why(value: bool, missing: str) -> str:
    return f"   ({missing})" if missing and not value else ""


def _place() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
