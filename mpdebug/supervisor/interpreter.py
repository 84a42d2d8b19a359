"""The interpreter that runs us, and its flags: the program gets the same."""

from __future__ import annotations

import os
import sys

WITH_VALUE = "WX"  # -W error, -X dev
ENDS = "cm"  # what follows is the program: for us `-m mpdebug`
LONG_WITH_VALUE = "--check-hash-based-pycs"


def flags(orig_argv: list[str]) -> list[str]:
    """The flags of an interpreter's command line, without the program that it runs.

    `python -uWd -X dev -Om mpdebug x.py` has -uWd, -X dev and -O. Flags may be glued
    together, and so may the value of the last one.
    """
    found = []
    rest = iter(orig_argv[1:])
    for word in rest:
        if word == LONG_WITH_VALUE:
            found += [word, next(rest, "")]
        elif word.startswith("--") and word != "--":
            found.append(word)
        elif not word.startswith("-") or word in {"-", "--"}:
            break
        else:
            for at, letter in enumerate(word[1:], 1):
                if letter in ENDS:
                    if at > 1:
                        found.append(word[:at])
                    return found
                if letter in WITH_VALUE:
                    found += [word] if word[at + 1 :] else [word, next(rest, "")]
                    break
            else:
                found.append(word)
    return found


def executable() -> str:
    """The path of this interpreter."""
    return sys.executable or os.readlink("/proc/self/exe")


def command(program: list[str]) -> list[str]:
    """The command line of a program for this interpreter, as the person would have typed it.

    The first word is what python itself was called by, so that `ps` and `sys.orig_argv` are as
    without us; it finds its home by it from the same place, as we did.
    """
    called = sys.orig_argv[0] if sys.orig_argv and sys.executable else executable()
    return [called, *flags(sys.orig_argv), *program]
