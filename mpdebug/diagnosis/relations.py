"""Who belongs to whom in a run: what each explanation of a death has to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpdebug.diagnosis import places

if TYPE_CHECKING:
    from mpdebug.model import Process, Run

INTERRUPTED = -2
"""The exit status of a death by SIGINT."""

ABOUT = 5_000_000_000
"""ns within which processes that were all sent the same Ctrl-C end."""

MAIN = "main"
POOL_WORKER = "pool worker"
EXECUTOR_WORKER = "executor worker"
QUIET_ROLES = ("forkserver", "resource tracker")
"""They end by themselves when nobody needs them any more, without a word and unseen."""

SPAWNED = ("spawn", "forkserver")
CHILDREN = ("fork", *SPAWNED)
"""Start methods of multiprocessing."""


class Relations:
    """The processes of one run by key, and their relations."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.cwd = run.cwd
        self.by_key = {one.key: one for one in run.processes}
        mains = [one for one in run.processes if one.role == MAIN and one.observed]
        self.main = mains[-1] if mains else None

    def main_is_over(self) -> bool:
        """Whether the main script has ended (and, if it exec'ed, what it became)."""
        return self.main is not None and not self.main.alive

    def main_was_interrupted(self) -> bool:
        """Whether the main process ended by Ctrl-C."""
        main = self.main
        if main is None or main.alive:
            return False
        raised = main.goodbye.raised if main.goodbye else None
        by_signal = main.ended is not None and main.ended.status == INTERRUPTED
        return by_signal or (raised is not None and raised.type == "KeyboardInterrupt")

    def others_were_interrupted(self, mono: int) -> bool:
        """Whether Ctrl-C ended other processes about then; the main one may still tidy up."""
        goodbyes = [one.goodbye for one in self.run.processes if one.goodbye]
        return any(
            said.raised is not None
            and said.raised.type == "KeyboardInterrupt"
            and abs(said.mono - mono) < ABOUT
            for said in goodbyes
        )

    def parent(self, one: Process) -> Process | None:
        """Who started it, where that is known."""
        return self.by_key.get(one.parent)

    def is_ancestor(self, key: str, one: Process) -> bool:
        """Whether the process of that key started this one, or one that started it.

        The main process did, whoever was in between: the parent of an orphan is not known.
        """
        if self.main is not None and key == self.main.key:
            return one is not self.main
        seen = {one.key}
        above = one.parent
        while above and above not in seen:
            if above == key:
                return True
            seen.add(above)
            found = self.by_key.get(above)
            above = found.parent if found else ""
        return False

    def label(self, key: str) -> str:
        """`consumer (pid 12)`, or the key where nothing is known."""
        one = self.by_key.get(key)
        return f"{one.name} (pid {one.pid})" if one else key

    def place_in(self, key: str, place: str) -> str:
        """A place in the program, short; none where it is the -c of a spawned child.

        Of that everybody knows who called: multiprocessing, with a target that is not Python.
        """
        one = self.by_key.get(key)
        if one is not None and one.method in SPAWNED and place.startswith("<string>:"):
            return ""
        return places.short_place(place, self.cwd)


def is_worker(one: Process) -> bool:
    """Whether multiprocessing or an executor started it to do work: its end has a meaning."""
    return one.observed and one.role in ("worker", POOL_WORKER, EXECUTOR_WORKER, "manager")


def is_loky(one: Process) -> bool:
    """Whether it is a worker of loky's executor (joblib)."""
    return one.method == "loky" or one.name.startswith("LokyProcess")
