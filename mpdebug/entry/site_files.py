"""The door's files in the site-packages of an environment.

PYTHONPATH does not reach a Python that was started with -I or -E. Its site-packages do: a
`mpdebug.pth` runs a line at start-up, and from 3.15 on `mpdebug.start` calls a function instead
(PEP 829; where both are there, 3.15 reads only the .start). Both do nothing unless the
environment says that this process belongs to a run.

What is written holds our place at the time of writing, never one from the environment: -I
exists to distrust that. And it must neither print nor fail when mpdebug was moved or half
removed: every Python of that environment runs it at each start. So both go through a small
module beside them, which asks before it loads anything.
"""

from __future__ import annotations

import os

from mpdebug.settings import OFF, VARIABLE

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULE = "_mpdebug_door"

MODULE_TEXT = f'''\
"""Lets mpdebug into this Python. Written by `mpdebug door install`, and taken away by
`mpdebug door remove`. It does nothing in a process that is not part of a run."""

import os
import sys

PACKAGE = {{package!r}}


def enter():
    """Begin to observe this process, once."""
    if "{VARIABLE}" not in os.environ or os.environ.get("{OFF}", "0") not in ("", "0"):
        return
    if sys.version_info[:2] < (3, 11) or sys.implementation.name != "cpython":
        return
    file = os.path.join(PACKAGE, "__init__.py")
    if not os.path.isfile(file):
        return
    try:
        if "mpdebug" not in sys.modules:
            import _frozen_importlib as importlib
            import _frozen_importlib_external as external

            importlib._load(
                external.spec_from_file_location(
                    "mpdebug", file, submodule_search_locations=[PACKAGE]
                )
            )
        from mpdebug.entry import boot

        boot.enter()
    except Exception:
        pass
'''

PTH_TEXT = (
    "import os; "
    f"exec('try:\\n import {MODULE}\\n {MODULE}.enter()\\nexcept Exception:\\n pass')"
    f" if '{VARIABLE}' in os.environ else None\n"
)
START_TEXT = f"{MODULE}:enter\n"


def texts() -> dict[str, str]:
    """The files of a door that leads here, by name; the module first: the others call it."""
    return {
        f"{MODULE}.py": MODULE_TEXT.format(package=PACKAGE),
        "mpdebug.pth": PTH_TEXT,
        "mpdebug.start": START_TEXT,
    }


def install(folder: str) -> None:
    """Write the door's files into a site-packages folder. Raises OSError."""
    for name, text in texts().items():
        path = os.path.join(folder, name)
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{path}.new", 0o644)
        os.rename(f"{path}.new", path)


def remove(folder: str) -> list[str]:
    """Take the door's files away; returns those that were there. Raises OSError."""
    found = []
    for name in reversed(texts()):
        try:
            os.unlink(os.path.join(folder, name))
        except FileNotFoundError:
            continue
        found.append(name)
    cached = os.path.join(folder, "__pycache__")
    if os.path.isdir(cached):
        for name in os.listdir(cached):
            if name.startswith(f"{MODULE}."):
                os.unlink(os.path.join(cached, name))
    return found


def status(folder: str) -> dict[str, str]:
    """Each file of the door: "" as it should be, else what is wrong with it."""
    found = {}
    for name, text in texts().items():
        try:
            with open(os.path.join(folder, name), "rb") as file:
                there = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            found[name] = "is not there"
        except OSError as error:
            found[name] = f"cannot be read: {error.strerror}"
        else:
            found[name] = "" if there == text else _other(there)
    return found


def _other(text: str) -> str:
    """What a file says that is not the one we would write."""
    for line in text.splitlines():
        if line.startswith("PACKAGE = "):
            place = line.removeprefix("PACKAGE = ").strip("'\"")
            gone = "" if os.path.isdir(place) else ", which is gone"
            return f"leads to another mpdebug: {place}{gone}"
    return "was written by another version"
