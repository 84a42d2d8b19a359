"""Runs told as lists of facts: replayed into the model, or written as a run folder.

A fact is what one process wrote down. Facts get their time by their place in the list, a
millisecond apart; processes are named, and get pids by the order in which they are born.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mpdebug.model import Run
from mpdebug.observer.facts import Facts
from mpdebug.observer.joins import Joins
from mpdebug.observer.unobserved import add_to
from mpdebug.rundir import layout, state

if TYPE_CHECKING:
    from pathlib import Path

FIRST_PID = 100
SECOND = 1_000_000_000
CWD = "/home/me"
LIB = "/usr/lib/python3.13"


@dataclass(frozen=True)
class Fact:
    """One thing that was written down."""

    kind: str  # born, says, goodbye, task, seen, faults, record, lives
    name: str  # of the process that wrote it, or (seen) that it is about
    data: dict[str, Any] = field(default_factory=dict)


def born(name: str, role: str = "worker", method: str = "fork", /, **who: Any) -> Fact:
    """A process makes its folder. `by`: name of the process that is its ppid."""
    return Fact("born", name, {"role": role, "method": method, "named": True, **who})


def says(name: str, kind: str, to: str = "", /, **event: Any) -> Fact:
    """A line in `events`; `to` names the process that it is about."""
    return Fact("says", name, {"kind": kind, "to": to, **event})


def started(name: str, child: str, method: str = "fork", **event: Any) -> Fact:
    """A process was started by multiprocessing."""
    return says(name, layout.EV_STARTED, child, name=child, method=method, **event)


def spawned(name: str, child: str, *argv: str, where: str = "") -> Fact:
    """A process was exec'ed."""
    said = {"argv": list(argv), "how": "fork_exec", "where": where}
    return says(name, layout.EV_SPAWNED, child, **said)


def sends(
    name: str, to: str, signal: int, call: str = "os.kill", where: str = "", **event: Any
) -> Fact:
    """A process sends a signal."""
    return says(name, layout.EV_SIGNAL, to, signal=signal, call=call, where=where, **event)


def reaps(name: str, child: str, status: int, maxrss: int = 0, **event: Any) -> Fact:
    """A process reads the exit status of its child."""
    return says(name, layout.EV_REAPED, child, status=status, maxrss=maxrss, **event)


def submits(name: str, owner: str, first: int, call: str, where: str) -> Fact:
    """The first of a row of jobs from one place."""
    return says(name, layout.EV_SUBMITTED, owner=owner, first=first, call=call, where=where)


def goodbye(name: str, kind: str, **said: Any) -> Fact:
    """The last word of a process."""
    return Fact("goodbye", name, {"kind": kind, **said})


def raises(name: str, kind: str, message: str, *frames: list[Any], **said: Any) -> Fact:
    """A process ends by an uncaught exception."""
    exception = {"type": kind, "message": message, "frames": list(frames), **said}
    exception["text"] = f"Traceback …\n{kind}: {message}\n"
    return goodbye(name, "exception", exception=exception)


def works(
    name: str, call: str, args: str, *, owner: str = "pool", job: int = 0, phase: int = 1
) -> Fact:
    """A worker has a task in hand."""
    task = {"call": call, "args": args, "owner": owner, "job": job}
    return Fact("task", name, {"phase": phase, "task": task})


def seen(name: str, status: int, **row: Any) -> Fact:
    """The supervisor sees a process end."""
    return Fact("seen", name, {"status": status, "by": "pidfd", **row})


def faults(name: str, text: str) -> Fact:
    """What faulthandler wrote."""
    return Fact("faults", name, {"text": text})


def lives(name: str) -> Fact:
    """At the time of reading the process is there."""
    return Fact("lives", name)


def frame(file: str, line: int, function: str, source: str = "") -> list[Any]:
    """A frame as the agent writes it; a file without a folder is the program's."""
    return [file if "/" in file else f"{CWD}/{file}", line, function, source]


def main(*command: str) -> list[Fact]:
    """The main process is born."""
    argv = ["python", *(command or ("app.py",))]
    return [born("MainProcess", "main", "exec", argv=argv)]


class History:
    """Facts with their times and pids."""

    def __init__(self, facts: list[Fact]) -> None:
        self.facts = facts
        self.pids: dict[str, int] = {}
        self.starts: dict[str, int] = {}
        names = [fact.name for fact in facts if fact.kind == "born"]
        names += [fact.data["to"] for fact in facts if fact.data.get("to")]
        for name in dict.fromkeys(names):
            asked = [fact.data.get("pid") for fact in facts if self._bears(fact, name)]
            self.pids[name] = next(filter(None, asked), FIRST_PID + len(self.pids))
            self.starts[name] = 1000 + len(self.starts)

    @staticmethod
    def _bears(fact: Fact, name: str) -> bool:
        return fact.kind == "born" and fact.name == name

    def mono(self, place: int) -> int:
        """When the fact at that place was written."""
        return SECOND + int(self.facts[place].data.get("at", place) * 1_000_000)

    def who(self, place: int) -> dict[str, Any]:
        """process.json of the process that is born at that place."""
        fact = self.facts[place]
        given = {key: value for key, value in fact.data.items() if key not in ("by", "at", "n")}
        above = fact.data.get("by", "MainProcess" if place else "")
        return {
            "format": layout.FORMAT,
            "pid": self.pids[fact.name],
            "start": self.starts[fact.name],
            "ppid": self.pids.get(above, 1),
            "name": fact.data.get("name", fact.name),
            "argv": [],
            "executable": "/usr/bin/python3",
            "python": "3.13.0",
            "started": 1.0e9 + place / 1000,
            "mono": self.mono(place),
            **given,
        }

    def event(self, place: int) -> dict[str, Any]:
        """The line that is written at that place."""
        data = dict(self.facts[place].data)
        to = data.pop("to")
        data.pop("at", None)
        about = {"pid": self.pids[to]} if to else {}
        return {"mono": self.mono(place), **about, **data}

    def row(self, place: int) -> dict[str, Any]:
        """The line of exits.jsonl at that place."""
        fact = self.facts[place]
        ids = {"pid": self.pids[fact.name], "start": self.starts[fact.name]}
        return {"mono": self.mono(place), "time": 1.0e9 + place / 1000, **ids, **fact.data}

    def said(self, place: int) -> dict[str, Any]:
        """exit.json."""
        return {"mono": self.mono(place), **self.facts[place].data}

    def key(self, name: str, n: int = 0) -> str:
        """The name of the process's folder."""
        return layout.folder_name(self.pids[name], self.starts[name], n)

    def head(self, **more: Any) -> dict[str, Any]:
        """run.json of a run of another boot: nothing in it can be alive."""
        return {
            "format": layout.FORMAT,
            "id": "k7f2",
            "command": ["python", "app.py"],
            "cwd": CWD,
            "boot": "another",
            "started": 1.0e9,
            "mono": SECOND,
            "supervisor": None,
            "settings": {},
            **more,
        }


def replay(facts: list[Fact], order: list[int] | None = None) -> Run:
    """The model of these facts. The main process lives unless its end was seen.

    Args:
        facts: what was written down.
        order: the places of the facts in the order in which they are read.
    """
    history = History(facts)
    joins = Joins()
    folders: dict[str, Facts] = {}
    living = {fact.name for fact in facts if fact.kind == "lives"}
    if not any(fact.kind == "seen" and fact.name == "MainProcess" for fact in facts):
        living.add("MainProcess")
    for place, fact in enumerate(facts):
        if fact.kind == "born":
            n = fact.data.get("n", 0)
            ids = history.pids[fact.name], history.starts[fact.name], n
            folders[fact.name] = Facts(f"/run/p/{history.key(fact.name, n)}", *ids)
            folders[fact.name].who = history.who(place)
    for place in order or range(len(facts)):
        _deliver(history, place, joins, folders)
    models = [joins.process(one, alive=name in living) for name, one in folders.items()]
    models.sort(key=lambda one: (one.mono, one.key))
    run = Run("/run", "k7f2", ("python", "app.py"), 1.0e9, bool(living), tuple(models), cwd=CWD)
    strangers = [one for pid in set(history.pids.values()) for one in joins.strangers(pid)]
    return add_to(run, strangers, now=None, scan=False)


def _deliver(history: History, place: int, joins: Joins, folders: dict[str, Facts]) -> None:
    fact = history.facts[place]
    match fact.kind:
        case "born":
            joins.add_process(folders[fact.name])
        case "says":
            joins.add_events(folders[fact.name].key, [history.event(place)])
        case "goodbye":
            folders[fact.name].goodbye = history.said(place)
        case "task":
            task = (fact.data["phase"], history.mono(place), fact.data["task"])
            folders[fact.name].task = task
        case "seen":
            joins.add_exit(history.row(place))
        case "faults":
            folders[fact.name].faults = fact.data["text"]


class Writer:
    """Writes a history as a run folder, fact by fact."""

    def __init__(self, path: Path, facts: list[Fact], **head: Any) -> None:
        self.path = path
        self.history = History(facts)
        (path / layout.PROCESSES).mkdir(parents=True)
        (path / layout.RUN).write_text(json.dumps(self.history.head(**head)))
        self.numbers: dict[str, int] = {}

    def folder(self, name: str) -> Path:
        """The folder of a process."""
        key = self.history.key(name, self.numbers.get(name, 0))
        return self.path / layout.PROCESSES / key

    def write(self, *places: int) -> Writer:
        """Write the facts at these places; all of them if none is named."""
        for place in places or range(len(self.history.facts)):
            self._write(place)
        return self

    def _write(self, place: int) -> None:
        fact = self.history.facts[place]
        if fact.kind == "born":
            self.numbers[fact.name] = fact.data.get("n", 0)
            self.folder(fact.name).mkdir()
            self._put(fact.name, layout.PROCESS, self.history.who(place))
        elif fact.kind == "says":
            self._add(self.folder(fact.name) / layout.EVENTS, self.history.event(place))
        elif fact.kind == "goodbye":
            self._put(fact.name, layout.EXIT, self.history.said(place))
        elif fact.kind == "task":
            page = state.StateWriter(str(self.folder(fact.name) / layout.STATE))
            page.task(json.dumps(fact.data["task"]).encode(), self.history.mono(place))
            page.phase(fact.data["phase"])
            page.close()
        elif fact.kind == "seen":
            self._add(self.path / layout.EXITS, self.history.row(place))
        elif fact.kind == "faults":
            (self.folder(fact.name) / layout.FAULTS).write_text(fact.data["text"])
        elif fact.kind == "record":
            self._add(self.folder(fact.name) / layout.RECORDS, fact.data)

    def _put(self, name: str, file: str, value: dict[str, Any]) -> None:
        (self.folder(name) / file).write_text(json.dumps(value))

    def _add(self, path: Path, value: dict[str, Any]) -> None:
        with path.open("a") as file:
            file.write(json.dumps(value, separators=(",", ":")) + "\n")


def record(name: str, event: str, at: float = 0) -> Fact:
    """A log record."""
    return Fact("record", name, {"time": 1.0e9 + at, "mono": SECOND, "n": 0, "event": event})


def now() -> int:
    """CLOCK_MONOTONIC in nanoseconds."""
    return time.monotonic_ns()
