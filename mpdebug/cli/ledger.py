"""At the end of a run: the work that was lost, and the failures that nobody looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """Tell what the ledger of the run has against it: (things, whether they fail --strict)."""
    from mpdebug.diagnosis.ledger import findings  # noqa: PLC0415  # not before the program

    found = findings(run)
    told = [
        one for one in found if "worker" not in one.facts and (strict or one.kind not in DEATHS)
    ]
    if told:
        from mpdebug.views.ledger import notice  # noqa: PLC0415

        for one in told[:FEW]:
            terminal.write(notice(one))
        if len(told) > FEW:
            terminal.write(f"mpdebug: and {len(told) - FEW} more of that kind\n")
    return len(found), any(one.kind not in SEEN for one in found)
