"""Tracebacks as lines of text: bounded in frames, escaped, indented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mpdebug.views import bounded as text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST, LAST = 5, 15
"""Of a long row of frames, so many from its beginning and so many from its end are shown."""

LINES = 300
WIDTH = 1000


def of_exception(exception: Mapping[str, Any]) -> list[str]:
    """The lines of an exception as agents write them: its text, or what can be made of it."""
    text = exception.get("text")
    if isinstance(text, str) and text:
        return bounded(text)
    found = ["Traceback (most recent call last):"]
    for frame in exception.get("frames") or ():
        if isinstance(frame, (list, tuple)) and len(frame) >= 3:  # noqa: PLR2004
            found.append(f'  File "{frame[0]}", line {frame[1]}, in {frame[2]}')
            found += [f"    {source}" for source in frame[3:4] if source]
    found.append(f"{exception.get('type', 'exception')}: {exception.get('message', '')}")
    return bounded("\n".join(found))


def bounded(text: str) -> list[str]:
    """The lines of a traceback's text with the middle of a long row of frames left out."""
    found: list[str] = []
    row: list[list[str]] = []  # frames one after the other, each with its source lines
    for line in text_of.escape(text).rstrip("\n").split("\n"):
        if line.lstrip(" |").startswith('File "'):
            row.append([line])
        elif row and line.startswith(("    ", "  [")):
            row[-1].append(line)
        else:
            found += _frames(row)
            row = []
            found.append(line)
    found += _frames(row)
    if len(found) > LINES:
        left = len(found) - LINES
        found[LINES // 3 : LINES // 3 + left] = [f"  … {left} lines …"]
    return [text_of.cut(line, WIDTH) for line in found]


def _frames(row: list[list[str]]) -> list[str]:
    if len(row) > FIRST + LAST + 1:
        left = len(row) - FIRST - LAST
        row = [*row[:FIRST], [f"  … {left} frames …"], *row[-LAST:]]
    return [line for frame in row for line in frame]
