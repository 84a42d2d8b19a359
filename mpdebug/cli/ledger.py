"""At the end of a run: the work that was lost, and the failures that nobody looked at."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from mpdebug.model_waits import PROVED

if TYPE_CHECKING:
    from mpdebug.cli.terminal import Terminal
    from mpdebug.model import Run

FEW = 5
"""So many are told; the others are counted."""

DEATHS = frozenset({"lost-task", "exit-code-ignored"})
"""Kinds whose worst was told when the process died: once more only where they fail the run."""

SEEN = frozenset({"executor-broken", "pool-exception-unpicklable"})
"""Kinds of which the program itself hears by an exception; it is another thing if it does not
look at that."""


HARMLESS = frozenset((
    "site", "opened", "queue", "barrier", "looked", "exitcode", "remark", "made", "submitted",
    "forked beside", "random",
))  # fmt: skip
"""Kinds of notes that alone are no trouble (`rundir.layout.NOTES`)."""

MEANT = (0, None, -signal.SIGTERM)
"""Exit statuses of which nobody need look into more: how a Pool ends its workers, too."""

WAITED = frozenset(("joined", "terminated"))


def may_have_lost(run: Run) -> bool:
    """Whether there is anything to look into: most programs do not pay for the looking."""
    for one in run.processes:
        ended = one.ended
        if ended is not None and ended.status not in MEANT:
            return True
        pools = [note.said for note in one.notes if note.kind == "pool"]
        made = {said.get("owner") for said in pools if said.get("what") == "made"}
        if made - {said.get("owner") for said in pools if said.get("what") in WAITED}:
            return True
        if {note.kind for note in one.notes} - HARMLESS - {"pool"}:
            return True
    return len([one for one in run.processes if "random" in {n.kind for n in one.notes}]) > 1


def tell(run: Run, terminal: Terminal, *, strict: bool) -> tuple[int, bool]:
    """Tell what a run has against it at its end: (things, whether they fail --strict)."""
    if not may_have_lost(run):
        return 0, False
    from mpdebug.cli.why import with_sources  # noqa: PLC0415  # not before the program
    from mpdebug.diagnosis.why import at_end  # noqa: PLC0415
    from mpdebug.observer.picture import of_past  # noqa: PLC0415

    found = at_end(with_sources(of_past(run)))
    told = [
        one for one in found if "worker" not in one.facts and (strict or one.kind not in DEATHS)
    ]
    if told:
        from mpdebug.views.findings import short  # noqa: PLC0415

        for one in told[:FEW]:
            terminal.write(short(one))
        if len(told) > FEW:
            terminal.write(f"mpdebug: and {len(told) - FEW} more: mpdebug why {run.id}\n")
    bad = [one for one in found if one.kind not in SEEN and one.certainty == PROVED]
    return len(found), bool(bad)
