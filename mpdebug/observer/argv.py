"""What a command line says about the interpreter that it starts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

PYTHON = re.compile(r"(?:python|pypy)(?:(\d)(?:\.?(\d+))?)?t?(?:-config)?$")
WITH_VALUE = "XWQ"  # options of one letter that are followed by a value
LAST = "cm"  # what comes after these belongs to the program
LONG_WITH_VALUE = ("--check-hash-based-pycs",)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python as its command line shows it."""

    flags: frozenset[str]  # letters of its options: {"S", "I"}
    version: tuple[int, ...] = ()  # as far as its file name tells: (3, 8)
    emptied: bool = False  # started through `env -i`


def parse(argv: tuple[str, ...] | list[str]) -> Interpreter | None:
    """The Python that this command line starts; None if it starts something else.

    `env NAME=value python …` and `env -i python …` are looked through; a shell is not.
    """
    rest, emptied = _without_env(list(argv))
    if not rest:
        return None
    found = PYTHON.match(os.path.basename(rest[0]))
    if not found:
        return None
    version = tuple(int(part) for part in found.groups() if part)
    return Interpreter(frozenset(flags(rest[1:])), version, emptied)


def flags(args: list[str]) -> set[str]:
    """The one-letter options before the script, -c or -m: `-IBc` gives I, B and c."""
    letters: set[str] = set()
    rest = iter(args)
    for arg in rest:
        if arg in LONG_WITH_VALUE:
            next(rest, "")
        if arg.startswith("--"):
            continue
        if not arg.startswith("-") or arg == "-":
            break
        for place, letter in enumerate(arg[1:], 2):
            letters.add(letter)
            if letter in LAST:
                return letters
            if letter in WITH_VALUE:
                if place == len(arg):
                    next(rest, "")
                break
    return letters


def _without_env(argv: list[str]) -> tuple[list[str], bool]:
    """The command that `env …` starts, and whether with an empty environment."""
    if not argv or os.path.basename(argv[0]) != "env":
        return argv, False
    emptied = False
    rest = argv[1:]
    while rest and (rest[0].startswith("-") or "=" in rest[0]):
        word = rest.pop(0)
        if word in ("-", "-i", "--ignore-environment"):
            emptied = True
        elif word in ("-u", "--unset", "-C", "--chdir") and rest:
            rest.pop(0)
    return rest, emptied


def name_of(argv: tuple[str, ...] | list[str]) -> str:
    """A short name for a command line: the program, and for Python the script or module."""
    if not argv:
        return "?"
    program = os.path.basename(argv[0]) or argv[0]
    if parse(argv) is None:
        return program
    words = list(argv[1:])
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word in LONG_WITH_VALUE or (word[-1] in WITH_VALUE and not word.startswith("--")):
            del words[:1]
        elif not word.startswith("--") and (last := re.match(r"-[^cmXWQ]*([cm])(.*)", word)):
            if last[1] == "c":
                return f"{program} -c"
            return f"{program} -m {last[2] or ''.join(words[:1])}"
    return f"{program} {os.path.basename(words[0])}" if words else program
