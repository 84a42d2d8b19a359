"""A run folder as the model: read at once, or again and again at the cost of what changed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from mpdebug import errors
from mpdebug.model import Process, Run
from mpdebug.observer.facts import Facts, as_int, as_seconds, as_texts
from mpdebug.observer.joins import Joins, Stranger
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_run(path: str) -> Run:
    """The run in this folder as it is now, with what was not observed in it.

    Raises:
        NoSuchRunError: there is no run in this folder.
        NewerFormatError: a newer mpdebug wrote it.
    """
    return RunReader(path, scan=True).refresh()


def read_head(path: str) -> dict[str, Any]:
    """The run.json of a run folder.

    Raises:
        NoSuchRunError: there is no run in this folder.
        NewerFormatError: a newer mpdebug wrote it.
    """
    head = lines.read_json(os.path.join(path, layout.RUN))
    if head is None:
        raise errors.NoSuchRunError(f"there is no run in {path}")
    if as_int(head.get("format")) > layout.FORMAT:
        raise errors.NewerFormatError(
            f"{path} has format {head['format']}, this mpdebug reads up to {layout.FORMAT}"
        )
    return head


class RunReader:
    """Reads a run folder again and again; each time only what changed is read.

    A process that ended and was read after that costs nothing any more, so a run of thousands
    of processes stays cheap.

    Args:
        path: the run folder.
        scan: also look for living descendants that nobody told of (a look through /proc).

    Raises:
        NoSuchRunError: there is no run in this folder.
        NewerFormatError: a newer mpdebug wrote it.
    """

    def __init__(self, path: str, *, scan: bool = False) -> None:
        self.path = os.path.abspath(path)
        self.scan = scan
        self.head = read_head(path)
        boot = self.head.get("boot") or ""
        self._this_boot = not boot or boot == layout.boot_id()
        self._joins = Joins()
        self._waiting: dict[str, Facts] = {}  # folders whose process.json is not there yet
        self._sealed: set[str] = set()
        self._models: dict[str, Process] = {}
        self._strangers: dict[int, list[Stranger]] = {}
        self._exits = lines.Tail(os.path.join(self.path, layout.EXITS))
        self._processes: tuple[Process, ...] = ()

    def refresh(self, changed: Iterable[str] | None = None) -> Run:
        """The run as it is now.

        Args:
            changed: paths (relative to the run folder) of the files that may have changed;
                None: look at all of them. A hint that leaves something out is made good by
                the next call without one.
        """
        keys = None if changed is None else self._keys_of(changed)
        alive = self._read(keys)
        for key, living in alive.items():
            self._models[key] = self._joins.process(self._joins.facts[key], alive=living)
        if alive:
            order = sorted(self._models.values(), key=lambda one: (one.mono, one.key))
            self._processes = tuple(order)
        return self._run(full=keys is None)

    def _keys_of(self, changed: Iterable[str]) -> set[str]:
        keys = set()
        for path in changed:
            parts = path.split("/")
            if len(parts) > 1 and parts[0] == layout.PROCESSES:
                keys.add(parts[1])
        return keys

    def _read(self, keys: set[str] | None) -> dict[str, bool]:
        """Read what changed.

        Returns the keys of the processes whose model is to be made anew, and whether each is
        alive.
        """
        joins = self._joins
        dirty: set[str] = set()
        about = self._read_exits()
        for facts in self._folders(keys):
            changed = facts.refresh()
            if facts.key in self._waiting:
                if not facts.who:
                    continue
                del self._waiting[facts.key]
                joins.add_process(facts)
                about.add(facts.pid)
                changed = True
            if changed:
                dirty.add(facts.key)
            about |= joins.add_events(facts.key, facts.take_events())
        if keys is None:
            dirty |= {key for key, one in self._models.items() if one.alive}
        dirty |= self._spoken_about(about)
        alive = {key: self._is_alive(joins.facts[key]) for key in dirty}
        about = self._read_last_words([key for key, living in alive.items() if not living])
        for key in self._spoken_about(about) - alive.keys():
            alive[key] = self._is_alive(joins.facts[key])
        return alive

    def _spoken_about(self, pids: set[int]) -> set[str]:
        """The processes that these pids may mean; strangers among them are settled anew."""
        joins = self._joins
        dirty: set[str] = set()
        for pid in pids:
            dirty |= {mate.key for mate in joins.pids.get(pid, ())}
            self._strangers[pid] = joins.strangers(pid)
        if 0 in pids:  # where a row of tasks came from, or a signal to a whole group
            dirty |= joins.facts.keys() - self._sealed
        return dirty

    def _is_alive(self, facts: Facts) -> bool:
        known = self._joins.is_known_to_have_ended(facts)
        return not known and self._this_boot and layout.is_alive(facts.pid, facts.start)

    def _read_last_words(self, keys: list[str]) -> set[int]:
        """What these wrote between our reading and their end; returns the pids spoken about."""
        about: set[int] = set()
        for key in keys:
            facts = self._joins.facts[key]
            if key in self._sealed:
                continue
            facts.refresh()
            facts.read_last_records()
            about |= self._joins.add_events(key, facts.take_events())
            if self._joins.is_known_to_have_ended(facts):
                self._sealed.add(key)
        return about

    def _folders(self, keys: set[str] | None) -> list[Facts]:
        """The folders to look into, in the order of their names."""
        if keys is None:
            try:
                keys = set(os.listdir(os.path.join(self.path, layout.PROCESSES)))
            except OSError:
                keys = set()
            keys -= self._sealed
        found = []
        for key in sorted(keys):
            facts = self._joins.facts.get(key) or self._waiting.get(key)
            if facts is None:
                named = layout.parse_folder_name(key)
                if named is None:
                    continue
                facts = Facts(os.path.join(self.path, layout.PROCESSES, key), *named)
                self._waiting[key] = facts
            found.append(facts)
        return found

    def _read_exits(self) -> set[int]:
        about: set[int] = set()
        more = True
        while more:
            found, more = self._exits.read()
            about |= {self._joins.add_exit(row) for line in found if (row := lines.parse(line))}
        return about

    def _run(self, *, full: bool) -> Run:
        if "ended" not in self.head:  # `aborted` comes before that
            self.head = lines.read_json(os.path.join(self.path, layout.RUN)) or self.head
        head = self.head
        supervisor = head.get("supervisor")
        if not isinstance(supervisor, dict):  # none, or a damaged file
            supervisor = {}
        boss = as_int(supervisor.get("pid")), as_int(supervisor.get("start"))
        living = self._this_boot and bool(boss[0]) and layout.is_alive(*boss)
        living = living or any(one.alive for one in self._processes)
        status, over = head.get("status"), head.get("ended")
        settings = head.get("settings")
        run = Run(
            path=self.path,
            id=str(head.get("id") or os.path.basename(self.path)),
            command=as_texts(head.get("command")),
            started_at=as_seconds(head.get("started")),
            alive=living,
            processes=self._processes,
            ended_at=over if isinstance(over, float | int) else None,
            status=status if isinstance(status, int) else None,
            cwd=str(head.get("cwd") or ""),
            python=str(head.get("python") or ""),
            supervisor=boss[0],
            settings=settings if isinstance(settings, dict) else {},
            aborted=as_int(head.get("aborted")),
        )
        strangers = [one for found in self._strangers.values() for one in found]
        if strangers or (self.scan and full and living):
            now = time.monotonic_ns() if self._this_boot else None
            from mpdebug.observer import unobserved  # noqa: PLC0415 - psutil, 30 ms

            return unobserved.add_to(run, strangers, now=now, scan=self.scan and full)
        return run
