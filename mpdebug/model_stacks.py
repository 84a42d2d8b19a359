"""The facts about stacks as plain data, as `mpdebug.model` has those about a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpdebug.model import Differing, Frame, Process


@dataclass(frozen=True, slots=True)
class ThreadStack:
    """What one thread does."""

    frames: tuple[Frame, ...]  # outermost first
    ident: int = 0  # Python's number of the thread
    name: str = ""  # as the kernel calls it; told by 3.14 and newer
    main: bool = False
    cut: bool = False  # it is deeper than what was told
    locals: tuple[dict[str, str], ...] = ()  # of each frame, where they were asked for


@dataclass(frozen=True, slots=True)
class ProcessStacks:
    """What all threads of one process do at one moment."""

    process: Process
    threads: tuple[ThreadStack, ...] = ()
    why: str = ""  # why there are none
    waits: str = ""  # what its main thread waits for, as the kernel says
    switches: int = 0  # how often its main thread was put to sleep, or put off, until then


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a folded stack: a line of the program, or a call that everybody knows."""

    label: str  # "crunch", "SimpleQueue.get"
    own: bool  # it is the program's
    file: str = ""
    line: int = 0  # 0: it says nothing
    last: int = 0  # it moved between `line` and this one
    source: str = ""


@dataclass(frozen=True, slots=True)
class StackNode:
    """Steps that many stacks share, and what comes below them."""

    steps: tuple[Step, ...]
    who: tuple[str, ...]  # the threads, by name
    names: str  # the same, folded
    children: tuple[StackNode, ...] = ()
    state: str = ""  # of those that end here: "idle: waits for work"
    kind: str = ""  # idle, stuck, moves, stopped, waits
    locals: tuple[Differing, ...] = ()  # of the program's innermost line


@dataclass(frozen=True, slots=True)
class StackTree:
    """All stacks of a run, folded."""

    nodes: tuple[StackNode, ...]
    asked: int  # processes
    answered: int
    helpers: int  # threads of libraries that wait for work and are left out
    silent: tuple[tuple[str, str], ...] = ()  # (why, names) of those without stacks
    samples: int = 1
