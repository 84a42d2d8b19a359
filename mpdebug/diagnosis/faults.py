"""faulthandler's report of a fatal error, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mpdebug.model import Frame

FATAL = "Fatal Python error: "
FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)$')
C_STACK = "C stack trace"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fatal error that faulthandler wrote down.

    Attributes:
        reason: "Segmentation fault", "Aborted".
        frames: the stack of the thread that failed, innermost last.
        c_stack: the lines of the C stack, innermost first (3.14 and newer).
        text: the whole report.
    """

    reason: str
    frames: tuple[Frame, ...]
    c_stack: tuple[str, ...]
    text: str


def parse(text: str) -> Fault | None:
    """The last fatal error in the text of a faults.txt; None if there is none.

    Stacks that were only asked for stand in the same file; they have no such headline. A
    report that was cut off in the middle gives what is whole.
    """
    at = text.rfind(f"\n{FATAL}") + 1  # not in the middle of a line: a file may be called so
    if not text.startswith(FATAL, at):
        return None
    report = text[at:]
    reason, *rest = report.splitlines()
    stacks: list[tuple[str, list[Frame]]] = []
    c_stack: list[str] = []
    in_c = False
    for line in rest:
        if "(most recent call first)" in line:
            in_c = C_STACK in line
            if not in_c:
                stacks.append((line, []))
        elif in_c and line.startswith("  "):
            c_stack.append(line.strip())
        elif stacks and (found := FRAME.match(line)):
            file, number, function = found.groups()
            stacks[-1][1].append(Frame(file, int(number), function))
    current = [frames for head, frames in stacks if head.startswith("Current thread")]
    frames = current[0] if current else stacks[0][1] if stacks else []
    return Fault(
        reason.removeprefix(FATAL).strip(),
        tuple(reversed(frames)),
        tuple(c_stack),
        report.rstrip(),
    )
