"""The code of what every process loads, in one file of the run folder.

Finding, checking and reading thirty small modules is half of what a short-lived Python pays for
us. Whoever makes the run puts their byte code into one file, and the door reads from that
(`entry/door/sitecustomize.py`). So an upgrade in the middle of a run does not mix two versions
either, and a Python that may not write `__pycache__` does not compile us in each process.

The file is named by the magic number of the byte code and the level of -O: another Python does
not find it and imports as ever. It begins with the length of the index (8 bytes, little
endian) and the index, marshalled: {"": folder of the package, module: (offset, size, whether it
is a package)}. Behind it stands the marshalled code of each module.
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

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("patch",)
AGENT = """
    beside clock console descriptors encode exceptions faults goodbye guard held identity
    loading logs mistakes nudge process sites taking tasks used_up
"""
SINGLE = [
    *("__init__", "env", "settings", "entry/__init__", "entry/boot", "agent/__init__"),
    *(f"agent/{name}" for name in AGENT.split()),
    *(f"rundir/{name}" for name in ("__init__", "layout", "held", "state")),
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
    index: dict[str, object] = {"": PACKAGE}
    codes = []
    offset = 0
    for module in modules():
        code = code_of(module)
        is_package = module.endswith("__init__")
        name = f"mpdebug.{module}".removesuffix("__init__").rstrip("./").replace("/", ".")
        index[name] = (offset, len(code), is_package)
        codes.append(code)
        offset += len(code)
    head = marshal.dumps(index)
    return b"".join((len(head).to_bytes(8, "little"), head, *codes))


def modules() -> list[str]:
    """The modules in the file, as paths below the package without `.py`."""
    found = list(SINGLE)
    for part in FOLDERS:
        names = sorted(os.listdir(os.path.join(PACKAGE, part)))
        found += [f"{part}/{name[:-3]}" for name in names if name.endswith(".py")]
    return found


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
