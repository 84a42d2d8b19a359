"""Prompts of tests: `mpdebug attach` in a terminal of its own, or with commands from a pipe."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pexpect

from mpdebug.rundir import layout
from tests.harness import DEADLINE, program, until
from tests.stop_client import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import Command, Finished, Lab, Started


class Together(Stage):
    """Workers of `asked_together.py`, and prompts in them."""

    workers: Started

    def begin(self, way: str = "stop", count: int = 3) -> list[Path]:
        """Start so many; the files of their stops, in the order of their names."""
        self.run.mkdir(0o700)
        head = {"format": 1, "id": "run", "boot": layout.boot_id(), "cwd": str(self.lab.folder)}
        (self.run / layout.RUN).write_text(json.dumps(head))
        self.workers = self.start(program("asked_together.py"), way, str(count))
        if way != "stop":
            until(lambda: len(self.names()) == count, "the workers")
            return []
        return sorted(self.stops(count), key=lambda stop: name_of(stop.parent.parent))

    def names(self) -> list[str]:
        """Names of all that were started by the main process."""
        found = [name_of(path) for path in self.run.glob("p/*")]
        return [name for name in found if name not in ("", "MainProcess")]

    def pid(self, name: str) -> int:
        """The pid of the process of this name."""
        [found] = [path for path in self.run.glob("p/*") if name_of(path) == name]
        return int(found.name.split("-")[0])

    def ask(self, mpdebug: Command, commands: str, *words: str) -> Finished:
        """Attach with commands from a pipe."""
        return mpdebug("attach", *words, "--run", str(self.run), input=commands)

    def finish(self) -> str:
        """Wait for the end of the program; what it wrote to stdout."""
        return self.workers.finish().out


def name_of(folder: Path) -> str:
    """The name of a process; empty where it has not written it yet."""
    try:
        return str(json.loads((folder / layout.PROCESS).read_bytes())["name"])
    except (OSError, ValueError):
        return ""


class Prompt(pexpect.spawn):  # type: ignore[misc]
    """`mpdebug attach` in a terminal of 100 columns."""

    def __init__(self, lab: Lab, *words: str, **env: str) -> None:
        given: dict[str, Any] = {"TERM": "xterm-256color", "NO_COLOR": "1", **env}
        super().__init__(
            sys.executable, ["-m", "mpdebug", "attach", *words], timeout=DEADLINE,
            env=lab.environment(given), dimensions=(40, 100), encoding="utf-8",
            cwd=str(lab.folder),
        )  # fmt: skip

    def at(self, name: str) -> None:
        """Wait for the prompt of this process."""
        self.expect(rf"\(mpdb {name} \d+/\d+\)")

    def says(self, text: str) -> None:
        """Wait for a line that is this text and nothing else."""
        self.expect(rf"(?:\n|\x1b\[\?2004l){re.escape(text)}\r\n")

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        self.send(f"{line}\r")

    def ends(self) -> int | None:
        """Wait for its end; the status."""
        self.expect(pexpect.EOF)
        self.close()
        return self.exitstatus  # type: ignore[no-any-return]
