"""What the source says about an event: the line itself, and whether it changes what it fetched.

A copy is changed in vain where the very expression that fetched it is the object of a method
that changes it, or of an assignment: `d["xs"].append(1)`, `d["xs"][0] = 1`, `d["a"]["n"] += 1`,
`del d["xs"][0]`. Where the copy gets a name first the program may well put it back.
"""

from __future__ import annotations

import ast
import linecache
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANGES = frozenset((
    "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "add",
    "discard", "setdefault", "popitem", "appendleft", "extendleft", "popleft", "rotate",
    "difference_update", "intersection_update", "symmetric_difference_update",
))  # fmt: skip
"""Methods of list, dict, set, deque and bytearray that change them."""


COMMENT = re.compile(r"\s+# .*")


def is_segment(event: Mapping[str, Any]) -> bool:
    """Whether the event tells of shared memory that was made."""
    return event.get("kind") == layout.EV_MADE and event.get("what") == "shared memory"


def with_source(said: dict[str, Any]) -> dict[str, Any]:
    """The event with `source`, and of a copy with `change`: ".append(…)", or "" for none."""
    kind = said.get("kind")
    if kind in (layout.EV_READ_WRITE, layout.EV_COPY_CHANGED):
        file, _, line = str(said.get("where", "")).rpartition(":")
        if line.isdigit():
            text = linecache.getline(file, int(line)).strip()
            said["source"] = COMMENT.sub("", text)[:200]
        if kind == layout.EV_COPY_CHANGED:
            said["change"] = change(file, said.get("position"))
    return said


def change(file: str, position: object) -> str:
    """How the program changes the copy that it fetched by the expression at this position.

    Args:
        file: the source, as it is now.
        position: line, end line, column, end column (bytes), as code objects have them.
    """
    if not isinstance(position, list) or len(position) != 4:  # noqa: PLR2004
        return ""
    return _changes("".join(linecache.getlines(file))).get(tuple(position), "")


@lru_cache(maxsize=8)
def _changes(source: str) -> dict[tuple[object, ...], str]:
    """Position of an expression → how the program changes what it yields."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # it was changed since
        return {}
    found: dict[tuple[object, ...], str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in CHANGES:
                found[_position(node.func.value)] = f".{node.func.attr}(…)"
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            deleted = isinstance(node.ctx, ast.Del)
            found[_position(node.value)] = "del […]" if deleted else "[…] ="
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found[_position(node.value)] = f".{node.attr} ="
    return found


def _position(node: ast.expr) -> tuple[object, ...]:
    return (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
