"""At the end of a run: the work that was lost, and the failures that nobody looked at."""

from __future__ import annotations

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


def tell(run: Run, terminal: Terminal, *, strict: bool) -> tuple[int, bool]:
    """Tell what a run has against it at its end: (things, whether they fail --strict)."""
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
