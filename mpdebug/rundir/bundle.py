"""The code of what every process loads, in one file of the run folder.

Finding, checking and reading thirty small modules is half of what a short-lived Python pays for
us. Whoever makes the run puts their byte code into one file, and the door reads from that
(`entry/door/sitecustomize.py`). So an upgrade in the middle of a run does not mix two versions
either, and a Python that may not write `__pycache__` does not compile us in each process.

The file is named by the magic number of the byte code and the level of -O: another Python does
not find it and imports as ever. It begins with the length of its head (8 bytes, little endian)
and the head, marshalled: the folder of the package, {module: (offset, size)}, and of what every
process loads [(module, whether it is a package, code)]. Behind it stands what the offsets tell,
marshalled: the code of each module, and as "worker" what more a child of spawn loads, as above.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
from _frozen_importlib_external import (  # `importlib.util` costs ten times as much
    MAGIC_NUMBER,
    SourceFileLoader,
)

from mpdebug.rundir import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START = """
    __init__ entry/__init__ agent/__init__ real agent/guard env agent/encode agent/clock
    agent/descriptors agent/faults rundir/__init__ rundir/layout agent/identity agent/process
    agent/beside agent/goodbye agent/nudge patch/__init__ agent/loading patch/registry
    patch/breakpoints patch/descriptors patch/endings settings patch/environment
    patch/faulthandling patch/naming patch/on_import patch/rights patch/signals entry/boot
"""
"""What every process loads, each behind those that it imports itself."""

WORKER = """
    agent/exceptions agent/mistakes agent/used_up patch/processes patch/timeouts
    patch/mp_logging patch/exiting patch/spawning patch/trackers
"""
"""What a child of spawn loads next."""

LATER = """
    console exceptions held logs mistakes sites taking tasks used_up
"""
SINGLE = [
    *(f"agent/{name}" for name in LATER.split()),
    *(f"rundir/{name}" for name in ("held", "state")),
]
"""Not what only a breakpoint loads: that is as much again."""

HEADER = 16
"""Bytes before the code in a `.pyc` (PEP 552)."""


def write(run: str) -> None:
    """Put the code of our modules into the run folder. Raises OSError."""
    path = os.path.join(run, layout.CODE.format(MAGIC_NUMBER.hex(), sys.flags.optimize))
    data = make()
    try:
        with open(f"{path}.new", "wb", opener=_private) as file:
            file.write(data)
        os.rename(f"{path}.new", path)
    except OSError:  # half of it would take what room the disk has left
        with contextlib.suppress(OSError):
            os.unlink(f"{path}.new")
        raise


def make() -> bytes:
    """What the file holds. Raises OSError where a module cannot be read."""
    index: dict[str, tuple[int, int]] = {}
    codes = []
    offset = 0
    entries = {_name(path): code_of(path) for path in later()}
    for name, code in {**entries, "worker": marshal.dumps(_group(WORKER))}.items():
        index[name] = offset, len(code)
        codes.append(code)
        offset += len(code)
    head = marshal.dumps((PACKAGE, index, _group(START)))
    return b"".join((len(head).to_bytes(8, "little"), head, *codes))


def _group(paths: str) -> list[tuple[str, bool, CodeType]]:
    return [
        (_name(path), path.endswith("__init__"), marshal.loads(code_of(path)))  # noqa: S302
        for path in paths.split()
    ]


def _name(path: str) -> str:
    """The module of a path below the package without `.py`."""
    return f"mpdebug/{path}".removesuffix("/__init__").replace("/", ".")


def later() -> list[str]:
    """The modules behind the head, as paths below the package without `.py`."""
    names = sorted(os.listdir(os.path.join(PACKAGE, "patch")))
    patches = [f"patch/{name[:-3]}" for name in names if name.endswith(".py")]
    return [path for path in SINGLE + patches if path not in START.split()]


def code_of(module: str) -> bytes:
    """The marshalled code of a module: as `__pycache__` has it, else compiled."""
    path = os.path.join(PACKAGE, f"{module}.py")
    folder, name = os.path.split(path[:-3])
    level = f".opt-{sys.flags.optimize}" if sys.flags.optimize else ""
    cached = f"{folder}/__pycache__/{name}.{sys.implementation.cache_tag}{level}.pyc"
    source = os.stat(path)
    fresh = MAGIC_NUMBER + b"".join(
        (number & 0xFFFFFFFF).to_bytes(4, "little")
        for number in (0, int(source.st_mtime), source.st_size)
    )
    try:
        with open(cached, "rb", buffering=0) as file:
            data = file.read()
        if data.startswith(fresh):
            return data[HEADER:]
    except OSError:
        pass
    return marshal.dumps(SourceFileLoader("mpdebug", path).get_code("mpdebug"))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
