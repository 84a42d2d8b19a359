"""Programs that run under mpdebug many at once, and what `mpdebug why` says of each.

They mostly wait, so a batch of them takes hardly longer than one.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import leftovers
from tests.harness import until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.harness import Command, Lab, Started


@dataclass(frozen=True)
class Said:
    """What `mpdebug why RUN --json` answered."""

    status: int
    findings: list[dict[str, Any]]
    stderr: str

    def kind(self, kind: str) -> list[dict[str, Any]]:
        """The findings of this kind."""
        return [one for one in self.findings if one["kind"] == kind]


class Program:
    """A program under mpdebug in a session of its own; its run stays in `run`."""

    def __init__(self, mpdebug: Command, path: str | Path, method: str) -> None:
        self.mpdebug, self.path, self.method = mpdebug, Path(path), method
        self.name = f"{self.path.stem}-{method}"
        self.run = mpdebug.lab.folder / self.name
        self.fifo = mpdebug.lab.folder / f"{self.name}.fifo"
        self.output = mpdebug.lab.folder / f"{self.name}.out"
        os.mkfifo(self.fifo)
        with self.output.open("wb") as output:
            words = ("--keep", "--run-dir", self.run, self.path, method, self.fifo)
            self.started: Started = mpdebug.start(
                *words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """What it has written until now."""
        return self.output.read_text("utf-8", "replace")

    @property
    def unasked(self) -> list[str]:
        """What mpdebug has said by itself, but for where the run is."""
        lines = [line for line in self.said.splitlines() if "mpdebug" in line]
        return [line for line in lines if not line.startswith("mpdebug: Kept: ")]

    def wait_for(self, text: str) -> None:
        """Wait until it has written this."""
        until(lambda: text in self.said, f"{text!r} of {self.name}")

    def ask(self) -> Asking:
        """Begin to ask why."""
        return Asking(self.mpdebug, self.run)


class Asking:
    """A question that is on its way, so that many can be."""

    def __init__(self, mpdebug: Command, run: Path) -> None:
        self.started = mpdebug.start("why", run, "--json", stdin=subprocess.DEVNULL)

    def answer(self) -> Said:
        """Wait for the answer."""
        done = self.started.finish()
        findings = [json.loads(line) for line in done.out.splitlines()]
        return Said(done.status, findings, done.err)


def ask_all(programs: Iterable[Program]) -> Iterator[tuple[Program, Said]]:
    """Ask about all of them at the same time."""
    asking = [(program, program.ask()) for program in programs]
    for program, question in asking:
        yield program, question.answer()


def text_of(finding: dict[str, Any]) -> str:
    """All that a person reads of a finding."""
    names = [one["name"] for one in finding["processes"]]
    evidence = [f"{label}: {text}" for label, text in finding["evidence"]]
    return "\n".join([finding["title"], *names, *evidence, finding["cure"], finding["settle"]])


def settle(lab: Lab, looks: int = 40) -> None:
    """Wait until the programs use no processor any more, or hardly; not for ever.

    A question is best asked when all have come to where they stay. Nobody can announce that;
    those that look at something again and again never do.
    """
    before = -1
    for _ in range(looks):
        now = sum(map(ticks, lab.processes()))
        if 0 <= now - before <= 1:
            return
        before = now
        select.select([], [], [], 0.1)


def ticks(pid: int) -> int:
    """Processor time of a process, in ticks of 10 ms."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return 0
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


def end(lab: Lab) -> None:
    """End all processes of the lab."""
    deadline = time.monotonic() + leftovers.PATIENCE
    while (pids := lab.processes()) and time.monotonic() < deadline:
        leftovers.kill(pids)
