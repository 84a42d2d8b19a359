"""One colour for each process, the same in every view and every terminal.

It follows from the name alone, so nobody has to agree on it: workers are numbered, and
neighbours in number are neighbours in the list.
"""

from __future__ import annotations

import re
import zlib

STYLES = (
    ("cyan", "\x1b[36m"),
    ("magenta", "\x1b[35m"),
    ("green", "\x1b[32m"),
    ("bright_blue", "\x1b[94m"),
    ("bright_cyan", "\x1b[96m"),
    ("bright_magenta", "\x1b[95m"),
    ("bright_green", "\x1b[92m"),
    ("blue", "\x1b[34m"),
)
"""(rich's name, terminal sequence); red and yellow are left to errors and warnings."""

MAIN = ("bold", "\x1b[1m")
RESET = "\x1b[0m"
NUMBER = re.compile(r"(\d+)\D*\Z")


def style_of(name: str) -> str:
    """The style of a process by its name, as rich calls it."""
    return _find(name)[0]


def code_of(name: str) -> str:
    """The same as a terminal sequence; `RESET` ends it."""
    return _find(name)[1]


def _find(name: str) -> tuple[str, str]:
    if name == "MainProcess":
        return MAIN
    numbered = NUMBER.search(name)
    if numbered is None:
        return STYLES[zlib.crc32(name.encode("utf-8", "replace")) % len(STYLES)]
    family = zlib.crc32(name[: numbered.start()].encode("utf-8", "replace"))
    return STYLES[(family + int(numbered[1][-9:])) % len(STYLES)]
