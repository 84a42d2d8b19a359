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
"""By kind, in the order in which they are looked for: the first to name a hang has it."""


def trouble(*kinds: str) -> Callable[[Trouble], Trouble]:
    """Mark the function that finds these kinds of trouble; its text explains all of them."""

    def mark(function: Trouble) -> Trouble:
        for kind in kinds:
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


def document() -> str:
    """All troubles with their texts, as Markdown: the file .github/TROUBLES.md."""
    kinds: dict[Trouble, list[str]] = {}
    for kind, function in TROUBLES.items():
        kinds.setdefault(function, []).append(kind)
    parts = ["# Troubles", HEAD]
    for names in kinds.values():
        anchors = "".join(f'<a id="{name}"></a>' for name in names[1:])
        parts.append(f"## {names[0]}\n\n{anchors}{about(names[0])}")
        if len(names) > 1:
            parts.append("Kinds: " + ", ".join(f"`{name}`" for name in names) + ".")
    return "\n\n".join(parts) + "\n"


HEAD = """\
What `mpdebug why` knows by name. The name of a finding is the heading below, and
`mpdebug why --about NAME` prints the same text."""
