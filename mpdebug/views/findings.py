"""Findings on the screen: what is wrong, the evidence, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

from mpdebug.model_waits import PROVED, SUSPECTED, Finding
from mpdebug.views import plain
from mpdebug.views.hanging import Hanging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

OURS = "mpdebug:"
BAD, UNSURE, CURE, LABEL, COMMAND = "bold red", "yellow", "green", "dim", "bold"
WIDTH = 15
ROOM = 26  # columns for a name
SHOWN = 20

UNSURELY = "suspected-"  # of a kind that says so itself


def findings(
    found: Sequence[Finding],
    *,
    title: str,
    rows: Sequence[tuple[str, str]] = (),
    note: str = "",
) -> RenderableType:
    """All findings, with one line in front that says what they come to.

    Args:
        found: in the order in which to read.
        title: the run.
        rows: (names, what they do), for where nobody hangs.
        note: what else is worth a line: what could not be looked at.
    """
    head = Text.assemble((f"{title}: ", "bold"), summary(found))
    parts: list[RenderableType] = [head]
    if note:
        parts.append(Hanging(Text(""), Text(plain.line(note), LABEL), 2, 0))
    for one in found[:SHOWN]:
        parts += ["", finding(one)]
    if len(found) > SHOWN:
        parts += ["", Text(f"… and {len(found) - SHOWN} more: --json has all", LABEL)]
    if rows:
        parts.append("")
    for names, words in rows[:SHOWN]:
        parts.append(Hanging(Text(plain.line(names), "bold"), Text(plain.line(words)), ROOM, 2))
    return Group(*parts)


def summary(found: Sequence[Finding]) -> Text:
    """What findings come to: `2 troubles proved, 1 suspected`."""
    proved = [one for one in found if one.certainty == PROVED]
    suspected = len(found) - len(proved)
    standing = [one for one in proved if one.standing]
    if not found:
        return Text("nothing is known to be wrong")
    parts = []
    if standing:
        parts.append((f"{len(standing)} that will never end by itself", BAD))
    if len(proved) > len(standing):
        count = len(proved) - len(standing)
        parts.append((f"{count} that went wrong", BAD))
    if suspected:
        parts.append((f"{suspected} suspected", UNSURE))
    text = Text()
    for at, part in enumerate(parts):
        text.append(", " if at else "")
        text.append(*part)
    return text


def finding(one: Finding) -> RenderableType:
    """One finding with all that is known of it."""
    style = BAD if one.certainty == PROVED else UNSURE
    kind = _called(one)
    rows = [
        Hanging(Text(kind, style), Text(plain.line(one.title)), len(kind) + 2, 0),
        *_rows(one),
    ]
    more = Text(f"mpdebug why --about {one.kind}", COMMAND)
    rows.append(Hanging(Text("more", LABEL), more, WIDTH))
    return Group(*rows)


def _called(one: Finding) -> str:
    """The kind, as it stands before the title; without colour too it says what is not sure."""
    return (
        one.kind if one.certainty == PROVED else f"suspected {one.kind.removeprefix(UNSURELY)}"
    )


def _rows(one: Finding) -> list[RenderableType]:
    rows: list[tuple[str, str, str]] = [(label, text, "") for label, text in one.evidence]
    if one.certainty == SUSPECTED and one.settle:
        rows.append(("to settle", one.settle, UNSURE))
    if one.cure:
        rows.append(("cure", one.cure, CURE))
    return [
        Hanging(
            Text(plain.line(label)[:WIDTH], LABEL), Text(plain.line(text), style), _width(label)
        )
        for label, text, style in rows
    ]


def _width(label: str) -> int:
    """Columns in front of the text: a long label (a process's name) pushes it out."""
    return max(WIDTH, min(len(label), WIDTH) + 4)


def notice(one: Finding) -> RenderableType:
    """A finding on the running terminal, unasked."""
    style = BAD if one.certainty == PROVED else UNSURE
    head = Text.assemble((f"{_called(one)}: ", style), plain.line(one.title))
    return Group(Hanging(Text(OURS, "bold"), head, len(OURS) + 1, 0), *_rows(one))


def short(one: Finding) -> RenderableType:
    """One sentence and the cure: for what keeps nobody waiting, at the end of a run."""
    title = Text(plain.line(one.title))
    parts: list[RenderableType] = [Hanging(Text(OURS, "bold"), title, len(OURS) + 1, 0)]
    if one.cure:
        parts.append(Hanging(Text("cure", LABEL), Text(plain.line(one.cure), CURE), WIDTH))
    return Group(*parts)


def sample() -> list[Finding]:
    """Findings to look at and to test with."""
    return [
        Finding(
            "lock-held-by-dead",
            PROVED,
            'waiter (pid 12) waits for Lock "lk" (made at app.py:9), which holder (pid 7) took'
            " and never releases: it is dead",
            ("12-1-0", "7-1-0"),
            ("sem:4711",),
            (
                ("held by", "holder (pid 7), taken at app.py:4 in holder 2.8 s ago"),
                ("which", "killed by SIGKILL (sent by itself) 2.8 s ago"),
                (
                    "waits",
                    "waiter (pid 12) in SemLock.__enter__ at app.py:7: with lk:, for 2.3 s",
                ),
            ),
            "let the others wait with acquire(timeout=…)",
        ),
        Finding(
            "lost-update",
            SUSPECTED,
            "v.value += 1 at app.py:5 is two steps: 4 processes do so without its lock",
            cure="with v.get_lock(): v.value += 1",
            settle="whether the sum is what it should be",
            standing=False,
        ),
    ]


if __name__ == "__main__":
    Console().print(findings(sample(), title="k7f2"))
    Console().rule()
    for each in sample():
        Console().print(notice(each))
