"""What the tests of stacks share: frames, what processes told, and the picture of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mpdebug.model import Frame, Process
from mpdebug.model_stacks import ProcessStacks, StackNode, ThreadStack
from mpdebug.views import stacks as view
from tests.histories import CWD, LIB

if TYPE_CHECKING:
    from mpdebug.model_stacks import StackTree


def lib(path: str, function: str, line: int = 1) -> Frame:
    """A frame of the standard library."""
    return Frame(f"{LIB}/{path}", line, function)


def own(function: str, line: int, source: str = "") -> Frame:
    """A frame of the program."""
    return Frame(f"{CWD}/app.py", line, function, source)


MAIN = own("<module>", 40, "main()")
FORKED = (
    MAIN,
    lib("multiprocessing/popen_fork.py", "Popen._launch"),
    lib("multiprocessing/process.py", "BaseProcess._bootstrap"),
    lib("multiprocessing/process.py", "BaseProcess.run"),
    lib("multiprocessing/pool.py", "worker", 114),
)
GETS = (*FORKED, lib("multiprocessing/queues.py", "SimpleQueue.get"))
RECEIVES = (*GETS, lib("multiprocessing/connection.py", "Connection._recv"))
LOCKS = (*GETS, lib("multiprocessing/synchronize.py", "SemLock.__enter__"))
ACQUIRES = lib("multiprocessing/synchronize.py", "SemLock.acquire")
MAPS = lib("multiprocessing/pool.py", "mapstar")


def at(line: int) -> tuple[Frame, ...]:
    """A worker in its task."""
    return (*FORKED, MAPS, own("crunch", line, "total += 1"))


def process(name: str, **facts: Any) -> Process:
    """A living process of this name."""
    pid = 100 + sum(map(ord, name))
    return Process(f"{pid}-1-0", pid, 1, 1, name, "pool worker", alive=True, **facts)


def told(name: str, *threads: tuple[Frame, ...], **facts: Any) -> ProcessStacks:
    """What a process told, its main thread first."""
    found = tuple(
        ThreadStack(frames, number, main=number == 0) for number, frames in enumerate(threads)
    )
    return ProcessStacks(process(name), found, **facts)


def drawn(tree: StackTree, width: int = 80) -> str:
    """The picture as plain text."""
    console = Console(file=io.StringIO(), width=width, no_color=True)
    with console.capture() as captured:
        console.print(view.stacks(tree, cwd=CWD))
    return captured.get()


def leaves(nodes: tuple[StackNode, ...]) -> list[StackNode]:
    """The ends of all stacks."""
    return [
        leaf for node in nodes for leaf in (leaves(node.children) if node.children else [node])
    ]
