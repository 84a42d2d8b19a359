"""What faulthandler wrote of the threads of a process, as data."""

from __future__ import annotations

import dataclasses
import functools
import linecache
import re
from typing import TYPE_CHECKING

from mpdebug.model import Frame
from mpdebug.model_stacks import ThreadStack

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = re.compile(
    r"(?P<current>Current t|T)hread (?P<ident>0x[0-9a-f]+)(?: \[(?P<name>.*)\])?"
    r" \(most recent call first\):"
)
"""3.14 and newer tell the name that the kernel has for the thread (15 bytes of it)."""

FRAME = re.compile(r'  File "?(.*?)"?, line (\d+|\?\?\?) in (.*)$')
ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
CUT = "  ..."
C_STACK = "C stack trace"


def parse(text: str) -> tuple[ThreadStack, ...]:
    """The threads of the last dump in a text, the main thread first.

    A text that was cut off in the middle gives what is whole; the C stack of a fatal error
    (3.14 and newer) is passed over. Frames have no source yet.
    """
    found: dict[int, tuple[re.Match[str], list[Frame], list[bool]]] = {}
    at = 0
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            at = int(head["ident"], 16)
            if at in found:  # two were asked for, one after the other
                found.clear()
            found[at] = head, [], []
        elif C_STACK in line:
            at = 0
        elif at in found:
            if line == CUT:
                found[at][2].append(True)
            elif frame := FRAME.match(line):
                found[at][1].append(_frame(*frame.groups()))
    threads = list(reversed(found.items()))  # the oldest first
    main = _main([(ident, head) for ident, (head, _, _) in threads])
    stacks = [
        ThreadStack(
            tuple(reversed(frames)), ident, head["name"] or "", ident == main, bool(cut)
        )
        for ident, (head, frames, cut) in threads
    ]
    return tuple(sorted(stacks, key=lambda one: not one.main))


def _main(threads: list[tuple[int, re.Match[str]]]) -> int:
    """Which is the main thread: it runs the signal's handler, and is the oldest."""
    current = [ident for ident, head in threads if head["current"] != "T"]
    return current[0] if current else threads[0][0] if threads else 0


def _frame(file: str, line: str, function: str) -> Frame:
    return Frame(_whole(file), int(line) if line.isdigit() else 0, _whole(function))


def _whole(text: str) -> str:
    """A name as it is: what is not ASCII was written as an escape."""
    if "\\" not in text:
        return text
    return ESCAPED.sub(lambda one: chr(int(one[1] or one[2] or one[3], 16)), text)


def named(threads: Iterable[ThreadStack]) -> tuple[ThreadStack, ...]:
    """The same with source, and `Queue.get` for `get` where the source tells the class.

    The files are read now; see `source.with_source`.
    """
    return tuple(
        dataclasses.replace(thread, frames=tuple(map(_told, thread.frames)))
        for thread in threads
    )


@functools.lru_cache(maxsize=4096)
def _told(frame: Frame) -> Frame:
    lines = linecache.getlines(frame.file)
    if not 0 < frame.line <= len(lines):
        return frame
    function = frame.function
    if function.isidentifier() and (owner := _class_around(lines, frame)):
        function = f"{owner}.{function}"
    return Frame(frame.file, frame.line, function, lines[frame.line - 1].strip())


def _class_around(lines: list[str], frame: Frame) -> str:
    """The class in whose body the function of this frame is defined, if there is one."""
    head = re.compile(rf"\s*(?:async\s+)?def\s+{re.escape(frame.function)}\b")
    at = frame.line - 1
    while at >= 0 and not head.match(lines[at]):
        at -= 1
    depth = _indent(lines[at]) if at >= 0 else 0
    while at > 0 and depth:
        at -= 1
        line = lines[at]
        if line.strip() and not line.lstrip().startswith("#") and _indent(line) < depth:
            depth = _indent(line)
            words = re.match(r"\s*(class|def|async\s+def)\s+(\w+)", line)
            if words:
                return words[2] if words[1] == "class" else ""
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
