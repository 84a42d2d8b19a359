"""Findings kept in the run folder: what was found while the processes were there to look at.

A finding says who waits for whom, and nobody can see that once they are gone. So what the
running terminal finds it writes to `findings.jsonl`, and `mpdebug why` reads it there later.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from mpdebug.model_waits import Finding
from mpdebug.observer.facts import as_int, as_text, as_texts
from mpdebug.rundir import layout, lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Run


def as_json(run: Run, one: Finding) -> dict[str, Any]:
    """A finding as the object of `--json`."""
    people = {each.key: each for each in run.processes}
    return {
        "run": run.id,
        "kind": one.kind,
        "certainty": one.certainty,
        "standing": one.standing,
        "title": one.title,
        "processes": [
            {"name": people[key].name, "pid": people[key].pid, "key": key}
            for key in one.processes
            if key in people
        ],
        "things": list(one.things),
        "evidence": [list(pair) for pair in one.evidence],
        "cure": one.cure,
        "settle": one.settle,
        "about": f"mpdebug why --about {one.kind}",
        "mono": one.mono,
    }


def save(run: Run, found: Iterable[Finding]) -> None:
    """Add findings to those of the run; a full disk or a folder that is gone harms nobody."""
    text = "".join(json.dumps(as_json(run, one), default=str) + "\n" for one in found)
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        fd = os.open(os.path.join(run.path, layout.FINDINGS), flags, 0o600)
        try:
            os.write(fd, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(fd)


def read(path: str) -> list[Finding]:
    """The findings that were kept in a run folder."""
    tail = lines.Tail(os.path.join(path, layout.FINDINGS))
    found: list[Finding] = []
    more = True
    while more:
        rows, more = tail.read()
        found += [_finding(said) for row in rows if (said := lines.parse(row))]
    return found


def _finding(said: dict[str, Any]) -> Finding:
    evidence = [pair for pair in said.get("evidence") or () if isinstance(pair, list)]
    people = [one for one in said.get("processes") or () if isinstance(one, dict)]
    return Finding(
        kind=as_text(said.get("kind")),
        certainty=as_text(said.get("certainty")),
        title=as_text(said.get("title")),
        processes=tuple(as_text(one.get("key")) for one in people),
        things=as_texts(said.get("things")),
        evidence=tuple((as_text(pair[0]), as_text(pair[-1])) for pair in evidence if pair),
        cure=as_text(said.get("cure")),
        settle=as_text(said.get("settle")),
        mono=as_int(said.get("mono")),
        standing=bool(said.get("standing")),
    )
