"""Lines of a source file at which a process can stop.

The file is compiled, not run. A line without code (blank, a comment, the middle of a string)
stands for the next one of its function that has some, and the head of a function for the
first line of its body: whoever breaks at `def` wants to stop in the calls.
"""

from __future__ import annotations

import dis
import inspect
import os
from dataclasses import dataclass
from importlib.util import decode_source
from types import CodeType

from mpdebug import errors

SKIPPED = {"node_modules", "site-packages", "__pycache__"}
MOST = 20_000
"""Files that are looked at for a name before we ask for a whole path."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line that has code."""

    file: str  # its real path
    line: int
    function: str  # "" at the top of the module
    source: str
    unsure: str = ""  # why it could not be checked that there is code


def find_file(name: str, folders: list[str]) -> str:
    """The real path of a file that a person named.

    Args:
        name: a path, or the end of one.
        folders: where a relative path may begin; below the first one its end is looked for.

    Raises:
        NoSuchPlaceError: there is none, or more than one.
    """
    for folder in folders:
        path = os.path.realpath(os.path.join(folder, os.path.expanduser(name)))
        if os.path.isfile(path):
            return path
    found = [] if os.path.isabs(name) else _below(folders[0], os.path.normpath(name))
    if len(found) == 1:
        return os.path.realpath(found[0])
    if found:
        listed = ", ".join(found[:4]) + (" …" if found[4:] else "")
        raise errors.NoSuchPlaceError(
            f"{name} is more than one file: {listed}", f"Say which: {found[0]}:LINE"
        )
    looked = " and ".join(dict.fromkeys(folders))
    raise errors.NoSuchPlaceError(f"there is no file {name} in {looked}")


def _below(folder: str, name: str) -> list[str]:
    """Files below a folder whose path ends so."""
    found = []
    left = MOST
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(x for x in folders if x not in SKIPPED and not x.startswith("."))
        path = os.path.join(above, name)
        if os.path.basename(name) in names and os.path.isfile(path):
            found.append(path)
        left -= len(names) + len(folders)
        if left < 0:
            break
    return found


def place(path: str, line: int) -> Place:
    """The line itself if it has code, else the next one that stands for it.

    Raises:
        NoSuchPlaceError: there is no such line, or no code from there on.
    """
    try:
        with open(path, "rb") as file:
            text = decode_source(file.read())
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise errors.NoSuchPlaceError(f"{path} cannot be read: {error}") from None
    lines = text.splitlines()
    if not 1 <= line <= len(lines):
        raise errors.NoSuchPlaceError(
            f"{path} has no line {line}", f"It has lines 1 to {len(lines)}."
        )
    try:
        module = compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:  # for another version of Python, maybe
        return Place(path, line, "", lines[line - 1].strip(), unsure=str(error))
    found = _stop(module, line)
    found = _stop(module, found) if found else 0
    if not found:
        raise errors.NoSuchPlaceError(
            f"{path} has no code at line {line} or after it",
            "Name a line in a function that the processes run.",
        )
    function = _function_at(module, found)
    name = function.co_qualname if function is not None else ""
    return Place(path, found, name, lines[found - 1].strip())


def _stop(module: CodeType, line: int) -> int:
    """The line with code that this one stands for; 0: none."""
    function = _function_at(module, line)
    body = lines_of(function) if function is not None else lines_of(module)
    if function is not None and body and line < min(body):
        return min(body)
    if any(line in lines_of(code) for code in _codes(module)):
        return line
    return min((each for each in body if each > line), default=0)


def _function_at(module: CodeType, line: int) -> CodeType | None:
    """The innermost function (no lambda, no comprehension) around a line."""
    around = [
        code
        for code in _codes(module)
        if code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
        if code.co_firstlineno <= line <= max(lines_of(code), default=0)
    ]
    return max(around, key=lambda code: code.co_firstlineno, default=None)


def _codes(code: CodeType) -> list[CodeType]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return [code, *(one for each in inner for one in _codes(each))]


def lines_of(code: CodeType) -> set[int]:
    """The lines of a code object that are executed when it runs: not its head."""
    found: set[int] = set()
    began = False
    for each in dis.get_instructions(code):
        line = each.positions.lineno if each.positions else None
        if began and line:
            found.add(line)
        began = began or each.opname == "RESUME"
    return found
