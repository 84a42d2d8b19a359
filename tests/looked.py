"""What the tests of waits share: a program that hangs, the picture of it, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from mpdebug.diagnosis.proof import Proof, prove
from mpdebug.observer.picture import take
from mpdebug.observer.run import RunReader
from mpdebug.rundir import layout
from tests import leftovers
from tests.harness import until

if TYPE_CHECKING:
    from mpdebug.model import Run
    from mpdebug.model_waits import Picture, Wait
    from tests.harness import Lab

SETTLE = 0.05


class Looked:
    """The one run of a test, looked at while it runs."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        until(lambda: leftovers.runs(lab.state_home), "there is a run folder")
        (folder,) = leftovers.runs(lab.state_home)
        until((folder / layout.RUN).exists, "the run has begun")
        self.reader = RunReader(str(folder), scan=True)
        self.picture: Picture = self.take()
        self.proof = Proof()

    def take(self, *, stacks: bool = False) -> Picture:
        """A picture of now."""
        self.picture = take(self.reader.refresh(), stacks=stacks, settle=SETTLE)
        self.proof = prove(self.picture)
        return self.picture

    def until_dead(self) -> Picture:
        """The picture in which the whole program is proved dead."""
        until(lambda: self.take() and self.proof.whole, "it is dead as a whole")
        return self.picture

    def name_of(self, key: str) -> str:
        """The name of a process."""
        return next((one.name for one in self.picture.run.processes if one.key == key), key)

    def waits(self) -> dict[str, list[Wait]]:
        """What the threads of each process wait for, by its name, the main thread first."""
        found: dict[str, list[Wait]] = {}
        for wait in sorted(self.picture.waits, key=lambda one: not one.main):
            found.setdefault(self.name_of(wait.process), []).append(wait)
        return found

    def kinds(self) -> dict[str, str]:
        """What the main thread of each process does, by the name of the process."""
        return {name: waits[0].kind for name, waits in self.waits().items()}

    def end(self) -> None:
        """End its processes."""
        end(self.reader.refresh())


def end(run: Run) -> None:
    """End the processes of a run, but for those that end by themselves and clean up."""
    living = [one for one in run.processes if one.alive]
    if any(one.role == layout.MANAGER for one in living):  # main ends it, and goes itself
        living = [one for one in living if one.role == layout.WORKER]
    for one in living:
        if one.role != layout.RESOURCE_TRACKER:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
