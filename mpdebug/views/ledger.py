"""Lost work and failures that nobody looked at: as the terminal says it at the end."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mpdebug.model_waits import PROVED, Finding
from mpdebug.views import plain
from mpdebug.views.hanging import Hanging

OURS = "mpdebug:"
CURE = 15  # columns in front of a cure's text


def notice(finding: Finding) -> RenderableType:
    """What it is in one sentence, and what to do about it."""
    title = Text(plain.line(finding.title))
    line = Hanging(Text(OURS, "bold"), title, len(OURS) + 1, 0)
    if not finding.cure:
        return line
    cure = Text(plain.line(finding.cure), "green")
    return Group(line, Hanging(Text("cure", "dim"), cure, CURE))


def sample() -> Finding:
    """A finding to look at and to test with."""
    return Finding(
        "apply-async-swallowed",
        PROVED,
        "4 tasks failed and nobody looked: ValueError: cannot do 0, submitted by "
        "Pool.apply_async at app.py:8",
        cure="keep what it returns and call get() on each",
        standing=False,
    )


if __name__ == "__main__":
    Console().print(notice(sample()))
