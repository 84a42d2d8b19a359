"""The known troubles: each is one function, whose text explains it.

@trouble("lock-self")
def lock_self(known: Known) -> Iterator[Finding]:
    \"\"\"A process takes a lock that it holds already.

    What follows is what `mpdebug why --about lock-self` says.
    \"\"\"
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mpdebug.diagnosis.known import Known
    from mpdebug.model_waits import Finding

    Trouble = Callable[[Known], Iterable[Finding]]

TROUBLES: dict[str, Trouble] = {}
"""By kind."""


def trouble(kind: str) -> Callable[[Trouble], Trouble]:
    """Mark the function that finds this kind of trouble; its text explains it."""

    def mark(function: Trouble) -> Trouble:
        TROUBLES[kind] = function
        return function

    return mark


def about(kind: str) -> str:
    """What a kind of trouble is, and what to do about it; empty where there is no such kind."""
    function = TROUBLES.get(kind)
    return inspect.getdoc(function) or "" if function else ""


def headline(kind: str) -> str:
    """The first sentence of that."""
    return about(kind).partition("\n")[0]


def document(functions: Iterable[Trouble]) -> str:
    """Troubles with their texts, as Markdown: the file .github/TROUBLES.md."""
    names = {function: kind for kind, function in TROUBLES.items()}
    parts = [f"## {names[one]}\n\n{about(names[one])}" for one in functions]
    return "\n\n".join(["# Troubles", HEAD, *parts]) + "\n"


HEAD = """\
What `mpdebug why` knows by name. The name of a finding is the heading below, and
`mpdebug why --about NAME` prints the same text."""
