"""One process of the live tree, opened: what is read of it, and scrolling through that."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mpdebug.diagnosis.shared import peers
from mpdebug.diagnosis.stacks import fold
from mpdebug.model_stacks import ProcessStacks
from mpdebug.observer import dumps
from mpdebug.observer.details import read_details
from mpdebug.views.one_process import details
from mpdebug.views.stacks import threads

if TYPE_CHECKING:
    from rich.text import Text

    from mpdebug.cli.look import Look
    from mpdebug.model import Process, Tree


class Opened:
    """What a person sees who opened a process; read when it is opened, and on `r`."""

    def __init__(self, look: Look, process: Process) -> None:
        self.look = look
        self.key = process.key
        self.top = 0
        self._most = 0
        self.read(process)

    def read(self, process: Process) -> None:
        """Read it as it is now."""
        run = self.look.run or self.look.look()
        self.detail = read_details(process, run)
        self.peers = {one.number: peers(one) for one in self.detail.descriptors}
        seen = ProcessStacks(process, dumps.named(dumps.parse(self.detail.stack)))
        self.stack = threads(fold([[seen]], cwd=run.cwd, all_threads=True), run.cwd)

    def lines(self, tree: Tree, width: int, height: int) -> list[Text]:
        """As much of it as there is room for."""
        found = details(self.detail, tree, width, self.stack, self.peers)
        self._most = max(len(found) - height, 0)
        self.top = min(self.top, self._most)
        return found[self.top : self.top + height]

    def press(self, key: str, page: int) -> None:
        """Scroll, or read it again."""
        steps = {"up": -1, "down": 1, "page up": -page, "page down": page}
        steps |= {"home": -sys.maxsize, "end": sys.maxsize}
        if key in steps:
            self.top = min(max(self.top + steps[key], 0), self._most)
        elif key == "r":
            run = self.look.run
            for process in run.processes if run else ():
                if process.key == self.key:
                    self.read(process)
