"""Who stands at a breakpoint now, and who stood there: stop files, and the events about them.

A stop file counts only while its process lives: one that was killed at its prompt could not
take it away. One that is torn is passed over; its process is just replacing it, or was killed
there.
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from mpdebug.model import Stood, Stop, TimeOut
from mpdebug.observer.facts import as_int, as_seconds, as_text, read_stop_files
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mpdebug.model import Run


MOST = 256
"""Time-outs kept of each process, the last ones: a poll strikes again and again."""


def read_stops(run: Run) -> list[Stop]:
    """All stops of a run that was just read, the newest first."""
    found = [stop for process in run.processes for stop in process.stops]
    return sorted(found, key=lambda stop: (stop.mono, stop.process, stop.n), reverse=True)


def living_stops(path: str) -> list[Stop]:
    """The stops in this run folder now, the newest first; nothing else of the run is read.

    Costs a look into each process's folder (some 5 µs), and a file for each stop.
    """
    head = lines.read_json(os.path.join(path, layout.RUN)) or {}
    boot = as_text(head.get("boot"))
    if boot and boot != layout.boot_id():
        return []
    above = os.path.join(path, layout.PROCESSES)
    try:
        keys = os.listdir(above)
    except OSError:
        return []
    found = []
    for key in keys:
        named = layout.parse_folder_name(key)
        folder = os.path.join(above, key)
        files = read_stop_files(folder) if named else {}
        if named is None or not files or not layout.is_alive(named[0], named[1]):
            continue
        who = lines.read_json(os.path.join(folder, layout.PROCESS)) or {}
        name = as_text(who.get("name"))
        found += [stop_of(folder, number, said, name=name) for number, said in files.items()]
    return sorted(found, key=lambda stop: (stop.mono, stop.process, stop.n), reverse=True)


def stop_of(folder: str, number: int, said: Mapping[str, Any], *, name: str = "") -> Stop:
    """The object of a stop file as the model has it.

    Args:
        folder: of its process.
        number: of the file.
        said: what is in it.
        name: of the process.
    """
    key = os.path.basename(folder)
    values = said.get("locals")
    raised = said.get("exception")
    raised = raised if isinstance(raised, dict) else {}
    pid, _, _ = layout.parse_folder_name(key) or (0, 0, 0)
    values = values if isinstance(values, dict) else {}
    return Stop(
        process=key,
        pid=pid,
        n=number,
        kind=as_text(said.get("kind")),
        file=as_text(said.get("file")),
        line=as_int(said.get("line")),
        function=as_text(said.get("function")),
        socket=os.path.join(folder, layout.STOPS, f"{number}.s"),
        name=name,
        source=as_text(said.get("source")),
        thread=as_text(said.get("thread")),
        main_thread=bool(said.get("main_thread", True)),
        header=as_text(said.get("header")),
        mono=as_int(said.get("mono")),
        stopped_at=as_seconds(said.get("time")),
        locals={str(word): as_text(value) for word, value in values.items()},
        exception=as_text(raised.get("type")),
        message=as_text(raised.get("message")),
        tcp=as_text(said.get("tcp")),
        client=as_int(said.get("client")),
        moving=bool(said.get("moving")),
    )


class Past:
    """What the events of a run tell about stops and time-outs, by the key of the process."""

    def __init__(self) -> None:
        self._begun: defaultdict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
        self._over: defaultdict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
        self._struck: defaultdict[str, deque[TimeOut]] = defaultdict(lambda: deque(maxlen=MOST))

    def add(self, key: str, event: Mapping[str, Any]) -> bool:
        """Take an event of that process; False if it is about something else."""
        kind = event.get("kind")
        if kind == layout.EV_STOPPED:
            self._begun[key][as_int(event.get("n"))] = event
        elif kind == layout.EV_RELEASED:
            self._over[key][as_int(event.get("n"))] = event
        elif kind == layout.EV_TIMEOUT:
            self._struck[key].append(timeout_of(event))
        else:
            return False
        return True

    def is_over(self, key: str, number: int) -> bool:
        """Whether that stop was released; its file may be there for a moment more."""
        return key in self._over and number in self._over[key]

    def stood(self, key: str) -> tuple[Stood, ...]:
        """The stops of that process, oldest first."""
        if key not in self._begun:
            return ()
        over = self._over.get(key, {})
        found = [stood_of(n, event, over.get(n)) for n, event in self._begun[key].items()]
        return tuple(sorted(found, key=lambda one: (one.since, one.n)))

    def timeouts(self, key: str) -> tuple[TimeOut, ...]:
        """The time-outs that struck in that process, oldest first."""
        if key not in self._struck:
            return ()
        return tuple(sorted(self._struck[key], key=lambda one: one.mono))


def stood_of(number: int, begun: Mapping[str, Any], over: Mapping[str, Any] | None) -> Stood:
    """A stop by its events; one that only wrote its report was over at once."""
    reported = bool(begun.get("reported"))
    since = as_int(begun.get("mono"))
    until = as_int(over.get("mono")) if over else since if reported else None
    return Stood(
        n=number,
        kind=as_text(begun.get("why")),
        file=as_text(begun.get("file")),
        line=as_int(begun.get("line")),
        function=as_text(begun.get("function")),
        since=since,
        until=until,
        how=as_text(over.get("how")) if over else "",
        thread=as_text(begun.get("thread")),
        reported=reported,
    )


def timeout_of(event: Mapping[str, Any]) -> TimeOut:
    """A time-out that struck, by its event."""
    mono = as_int(event.get("mono"))
    return TimeOut(
        call=as_text(event.get("call")),
        seconds=as_seconds(event.get("seconds")),
        where=as_text(event.get("where")),
        begin=as_int(event.get("begin"), mono),
        mono=mono,
        thread=as_text(event.get("thread")),
    )
