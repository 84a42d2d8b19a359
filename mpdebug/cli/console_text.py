"""What a prompt shows of its own, source in colour, and whether a statement goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mpdebug.views.answers import short_path
from mpdebug.views.plain import line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mpdebug.model import Stop

RESULT = re.compile(r"( *\d+ ?[ B]?(?:->|>>)?\t|-> )(.*)\Z", re.DOTALL)
"""A line of source as pdb prints it: numbered, or the one where it stands."""

ASSIGNS = re.compile(r"(=[^=]|[-+*/%&|^@]=|//=|\*\*=|:)")
INDENT = 4


def arrival(stop: Stop, who: str, cwd: str) -> str:
    """`Worker-3 (pid 77) stopped at app.py:42 in step`, and why."""
    place = f"{short_path(stop.file, cwd)}:{stop.line} in {stop.function}"
    verb = "was interrupted" if stop.kind == "attach" else "stopped"
    raised = ""
    if stop.exception:
        verb = "failed" if stop.kind == "failure" else "looks at a failure"
        raised = f": {stop.exception}" + (f": {stop.message}" if stop.message else "")
    return line(f"{who} (pid {stop.pid}) {verb} at {place}{raised}") + "\n"


def standing(stop: Stop) -> str:
    """The place as pdb prints it, for a prompt that comes later."""
    header = f"{stop.header}\n" if stop.header else ""
    source = f"-> {stop.source}\n" if stop.source else ""
    return f"{header}> {stop.file}({stop.line}){stop.function}()\n{source}"


def first_word(text: str) -> str:
    """The word that may be a command; empty where the line is a statement like `c = 3`."""
    words = text.split(None, 1)
    if not words or text[:1] == "!":
        return ""
    if len(words) > 1 and ASSIGNS.match(words[1]):
        return ""
    return words[0]


def goes_on(text: str, commands: Collection[str]) -> bool:
    """Whether a statement needs more lines: an open bracket, or a block without its end.

    Args:
        text: what was typed so far.
        commands: words with which no statement begins.
    """
    if not text.strip() or first_word(text) in commands:
        return False
    from codeop import compile_command  # noqa: PLC0415 - only where somebody types

    try:
        return compile_command(bare_end(text.removeprefix("!")), symbol="single") is None
    except (SyntaxError, ValueError, OverflowError):
        return False


def bare_end(text: str) -> str:
    """Without the indentation of a last line that holds nothing else."""
    head, newline, last = text.rpartition("\n")
    return text if last.strip() else head + newline


def indentation(text: str) -> str:
    """The blanks with which the next line of a statement begins."""
    last = text.rpartition("\n")[2]
    blanks = last[: len(last) - len(last.lstrip())]
    return blanks + " " * INDENT if last.rstrip().endswith(":") else blanks


def in_colour(text: str, paint: Callable[[str], str]) -> str:
    """Text of pdb's, its lines of source painted."""
    painted = []
    for row in text.splitlines(keepends=True):
        found = RESULT.match(row)
        if found is None:
            painted.append(row)
        else:
            source = found[2].rstrip("\n")
            end = found[2][len(source) :]
            painted.append(f"{found[1]}{paint(source)}{end}")
    return "".join(painted)


def painter() -> Callable[[str], str]:
    """What colours a line of Python for a terminal."""
    import pygments  # type: ignore[import-untyped]  # noqa: PLC0415 - 30 ms, where there is colour
    from pygments import formatters, lexers  # noqa: PLC0415

    lexer = lexers.get_lexer_by_name("python", stripnl=False, ensurenl=False)
    formatter = formatters.get_formatter_by_name("terminal")
    return lambda source: str(pygments.highlight(source, lexer, formatter))
