"""How a process ended, from what it, its parent and the supervisor wrote down."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from mpdebug.model import Ended, Goodbye
from mpdebug.observer.facts import as_int, as_text
from mpdebug.observer.raised import read_raised

if TYPE_CHECKING:
    from collections.abc import Mapping


def ended(row: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> Ended:
    """How a process ended, by what the supervisor (row) and its parent (said) saw."""
    row, said = row or {}, said or {}
    status = row.get("status") if isinstance(row.get("status"), int) else said.get("status")
    times = [as_int(one.get("mono")) for one in (row, said) if one]
    reader = said or (row if row.get("by") == "wait" else {})
    return Ended(
        mono=min(times),
        status=status if isinstance(status, int) else None,
        seen_by="supervisor" if row else "parent",
        maxrss=max(as_int(row.get("maxrss")), as_int(said.get("maxrss"))),
        oom=bool(row.get("oom")) and status == -signal.SIGKILL,
        core=bool(row.get("core")),
        reaped=as_int(reader.get("mono")),
    )


def read_goodbye(said: Mapping[str, Any] | None) -> Goodbye | None:
    """The object of an exit.json."""
    if said is None:
        return None
    status = said.get("status")
    return Goodbye(
        kind=as_text(said.get("kind")),
        mono=as_int(said.get("mono")),
        status=status if isinstance(status, int) else None,
        raised=read_raised(said.get("exception")),
        message=as_text(said.get("message")),
        where=as_text(said.get("where")),
        passed=as_text(said.get("passed")),
    )
