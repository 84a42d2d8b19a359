"""Tell why a program hangs, loses work or limps: the trouble by name, and what to change.

Without RUN: the newest living run, else the newest kept one. RUN is an id, a path, `last`, or
the pid of any process: of one that is not under mpdebug the kernel alone tells, which knows who
waits for whom, and not who holds a lock.

  mpdebug why
  mpdebug why k7f2 --json | jq -r 'select(.certainty == "proved") | .title'
  mpdebug why --watch
  mpdebug why 7457
  mpdebug why --about lock-held-by-dead

Exit status: 0 nothing is wrong, 4 something is suspected, 3 something is proved. A suspicion
says what would settle it. A process that is slow, idle, waits for input or stands at a
breakpoint is not called hung.

With --json each finding is an object in a line: run, kind, certainty (proved, suspected),
standing (true: somebody waits for ever; false: work was lost, or may be one day), title,
processes [{name, pid, key}], things, evidence [[label, text]], cure, settle, about, mono.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from typing import TYPE_CHECKING

from mpdebug import errors
from mpdebug.cli import terminal, values
from mpdebug.cli.look import open_reader
from mpdebug.diagnosis import trouble, why
from mpdebug.model_waits import PROVED, Picture
from mpdebug.observer import findings, picture, source
from mpdebug.views import findings as view

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import RenderableType

    from mpdebug.model import Run
    from mpdebug.model_waits import Finding

HELP = __doc__ or ""

NOTHING, HAS_PROOF, HAS_SUSPICION = 0, 3, 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug why`."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    add("--watch", action="store_true", help="look again until the run ends, tell what is new")
    add("--interval", metavar="SECONDS", default="2", help="between two looks (2)")
    add("--about", metavar="KIND", nargs="?", const="", help="what a kind of trouble is;"
        " without KIND their names, with `all` all texts")  # fmt: skip
    add("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Print why. Status 0, 3 or 4; see the help.

    Raises:
        MpdebugError: there is no such run, process or kind of trouble.
    """
    if args.about is not None:
        _tell_about(args.about)
        return NOTHING
    interval = float(values.seconds(args.interval, "--interval"))
    reader = open_reader(args.run)
    told: set[tuple[object, ...]] = set()
    while True:
        run = reader.refresh()
        seen, found = look(run)
        new = [one for one in found if _same(one) not in told]
        if not told or new:
            _print(seen, new if told else found, as_json=args.json)
        told |= {_same(one) for one in found} | {()}
        if not args.watch or not run.alive:
            return status(found)
        time.sleep(interval)


def look(run: Run, still_for: float = 0.0) -> tuple[Picture, list[Finding]]:
    """All that is wrong with a run now; of one that is over, also what was found then.

    Args:
        run: as just read.
        still_for: seconds for which nothing has moved, where that alone is wrong.
    """
    seen = with_sources(picture.take(run, stacks=True) if run.alive else picture.of_past(run))
    seen = dataclasses.replace(seen, still_for=still_for)
    found = why.explain(seen)
    if not run.alive and run.path:
        found = _with_saved(run, found)
    return seen, found


def with_sources(seen: Picture) -> Picture:
    """The same with the lines of source at which its things were made."""
    places = {thing.label.where for thing in seen.things.values() if thing.label}
    return dataclasses.replace(seen, sources=source.lines_at(places))


def _with_saved(run: Run, found: list[Finding]) -> list[Finding]:
    """What the terminal saw while it hung comes first; the same trouble is told once."""
    saved = [why.in_hindsight(run, one) for one in findings.read(run.path)]
    known = {(one.kind, frozenset(one.processes)) for one in saved}
    rest = [one for one in found if (one.kind, frozenset(one.processes)) not in known]
    return sorted([*saved, *rest], key=why.rank)


def status(found: Sequence[Finding]) -> int:
    """The exit status that says what was found."""
    if any(one.certainty == PROVED for one in found):
        return HAS_PROOF
    return HAS_SUSPICION if found else NOTHING


def rendered(seen: Picture, found: Sequence[Finding]) -> RenderableType:
    """The findings, and where nothing is wrong who waits where, to be drawn."""
    from mpdebug.diagnosis import standing  # noqa: PLC0415 - not for --json
    from mpdebug.diagnosis.known import Known  # noqa: PLC0415

    rows = [] if any(one.standing for one in found) else standing.rows(Known(seen))
    refused = ", ".join(f"{key}: {reason}" for key, reason in seen.unread)
    title = seen.run.id or f"pid {seen.run.processes[0].pid}"
    return view.findings(found, title=title, rows=rows, note=refused)


def _print(seen: Picture, found: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            sys.stdout.write(json.dumps(findings.as_json(seen.run, one), default=str) + "\n")
        sys.stdout.flush()
        return
    terminal.stdout().write(rendered(seen, found))


def _same(one: Finding) -> tuple[object, ...]:
    """By what a finding is known again at the next look."""
    return one.kind, frozenset(one.processes)


def _tell_about(kind: str) -> None:
    if not kind:
        sys.stdout.write(
            "".join(f"{name:<28}{trouble.headline(name)}\n" for name in trouble.TROUBLES)
        )
        return
    if kind == "all":
        sys.stdout.write(trouble.document(why.in_order()))
        return
    text = trouble.about(kind)
    if not text:
        word = kind.partition("-")[0]
        near = ", ".join(name for name in trouble.TROUBLES if word in name)
        raise errors.UsageError(
            f"there is no trouble called {kind}",
            f"There is: {near}" if near else "See all: mpdebug why --about",
        )
    sys.stdout.write(f"{kind}\n\n{text}\n")
