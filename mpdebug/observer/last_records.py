"""The last log record of each living process, read again only where its file grew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mpdebug.observer.facts import read_end
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Process

ROOM = 16 * 1024
"""Bytes of the end of a file in which a whole record is looked for."""


class LastRecords:
    """Reads the ends of record files; each look costs 2 µs a process, and what changed."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._found: dict[str, dict[str, Any]] = {}

    def read(self, processes: Iterable[Process]) -> dict[str, dict[str, Any]]:
        """The last record of each process that logged anything, by its key."""
        for process in processes:
            if not process.folder:
                continue
            if not process.alive and process.last_records:
                self._found[process.key] = process.last_records[-1]
                continue
            path = os.path.join(process.folder, layout.RECORDS)
            try:
                size = os.stat(path).st_size
            except OSError:
                continue
            if self._sizes.get(process.key) != size:
                self._sizes[process.key] = size
                if found := last_records(path):
                    self._found[process.key] = found[0]
        return self._found


def last_records(path: str, most: int = 1) -> tuple[dict[str, Any], ...]:
    """The last whole records of a file, as many as its end has of them."""
    found: list[dict[str, Any]] = []
    for line in reversed(read_end(path, ROOM).split("\n")):
        if len(found) == most:
            break
        if line.startswith('{"time":') and (record := lines.parse(line.encode())):
            found.append(record)
    return tuple(reversed(found))
