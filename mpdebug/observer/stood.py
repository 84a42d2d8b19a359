"""What is left of stops when a run is over: that they were, and what was typed there."""

from __future__ import annotations

import os

from mpdebug.rundir import layout, lines


def count_stops(path: str) -> int:
    """How many stops there were in this run, reported ones included."""
    total = 0
    for folder in _folders(path):
        tail, more = lines.Tail(os.path.join(folder, layout.EVENTS)), True
        while more:
            found, more = tail.read()
            likely = [line for line in found if b'"stopped"' in line]
            events = [lines.parse(line) or {} for line in likely]
            total += sum(event.get("kind") == layout.EV_STOPPED for event in events)
    return total


def transcripts(path: str) -> list[str]:
    """The files that keep what was typed at prompts, relative to the run folder."""
    found = []
    for folder in _folders(path):
        stops = os.path.join(folder, layout.STOPS)
        if os.path.isdir(stops):
            names = sorted(name for name in os.listdir(stops) if name.endswith(".log"))
            found += [os.path.relpath(os.path.join(stops, name), path) for name in names]
    return found


def _folders(path: str) -> list[str]:
    above = os.path.join(path, layout.PROCESSES)
    try:
        return [os.path.join(above, name) for name in sorted(os.listdir(above))]
    except OSError:
        return []
