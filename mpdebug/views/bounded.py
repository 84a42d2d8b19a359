"""Text of a program made safe to show: bounded, and unable to move the cursor."""

from __future__ import annotations

import unicodedata

KEPT = frozenset("\n\u200d")
"""Not printable by Python's reckoning, and harmless: line ends, and what joins emoji."""


def escape(text: str) -> str:
    r"""The text with control characters (but newlines) as `\x1b` and the like.

    A log line must not clear the screen, or move up and write over another process's line;
    nor may it turn the reading direction around, or hold what no encoding can write.
    """
    if text.isprintable():
        return text
    return "".join(
        [char if char.isprintable() or char in KEPT else _escaped(char) for char in text]
    )


def _escaped(char: str) -> str:
    if char == "\t":
        return "    "
    if unicodedata.category(char) == "Zs":  # wide and unbreakable spaces
        return " "
    return char.encode("unicode_escape").decode("ascii")


def cut(text: str, room: int) -> str:
    """At most about `room` characters, and how many were left out."""
    if len(text) <= room:
        return text
    return f"{text[:room]}… (+{len(text) - room} characters)"


def squeeze(text: str, room: int) -> str:
    """At most `room` characters of a name: its middle is left out, its number is not."""
    if len(text) <= room:
        return text
    tail = room * 2 // 5
    return f"{text[: room - tail - 1]}…{text[-tail:]}"
