"""What a thing is called: by the variable that the line of its making assigns it to."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@functools.lru_cache(maxsize=512)
def variable(source: str, call: str, nth: int = 0) -> str:
    """The name that a line gives to what a call in it makes; empty if that is not plain.

    Args:
        source: the line, `a, b = mp.Lock(), mp.Lock()`.
        call: the name of what was called, "Lock".
        nth: which of the things that this line made by that call.
    """
    try:
        body = ast.parse(source.strip()).body
    except (SyntaxError, ValueError):  # a line of a longer statement
        return ""
    found: list[str] = []
    for statement in body:
        for target, value in _pairs(statement):
            found += _names(target, value, call)
    if not found:
        return ""
    if found[0].endswith("[]"):  # a list of them, made in a loop
        return f"{found[0][:-1]}{nth}]"
    return found[nth] if nth < len(found) else ""


def _pairs(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets with what is assigned to them, a tuple taken apart."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield statement.target, statement.value
    if not isinstance(statement, ast.Assign):
        return
    target, value = statement.targets[0], statement.value
    many = (ast.Tuple, ast.List)
    if (
        isinstance(target, many)
        and isinstance(value, many)
        and len(target.elts) == len(value.elts)
    ):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def _names(target: ast.expr, value: ast.expr, call: str) -> list[str]:
    if _calls(value, call):
        return [ast.unparse(target).strip("()")]  # r, w = Pipe()
    if isinstance(value, ast.ListComp) and _calls(value.elt, call):
        return [f"{ast.unparse(target)}[]"]
    if isinstance(value, ast.List | ast.Tuple):
        return [
            f"{ast.unparse(target)}[{at}]"
            for at, one in enumerate(value.elts)
            if _calls(one, call)
        ]
    return []


def _calls(value: ast.expr, call: str) -> bool:
    """Whether this expression is a call of something of that name: `mp.Lock()`."""
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    name = function.attr if isinstance(function, ast.Attribute) else ""
    name = function.id if isinstance(function, ast.Name) else name
    return name == call
