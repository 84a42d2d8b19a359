"""Equal answers of many processes are one, and who answers otherwise is named."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mpdebug.diagnosis.stops import fold_names
from mpdebug.model import AnswerTable, EqualAnswers, EqualStacks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mpdebug.model import Answer, Frame


def fold(answers: Iterable[Answer]) -> tuple[EqualAnswers, ...]:
    """Equal answers together, that of most first."""
    groups: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[answer.same].append(answer)
    ordered = sorted(groups.values(), key=lambda group: -len(group))  # stable: by appearance
    return tuple(_equal(group[0].text, [one.who for one in group]) for group in ordered)


def odd(groups: Sequence[EqualAnswers]) -> tuple[EqualAnswers, ...] | None:
    """Those whose answer is not that of most; None where no answer is the most frequent.

    Args:
        groups: as `fold` gives them.
    """
    if len(groups) > 1 and len(groups[0].who) == len(groups[1].who):
        return None
    return tuple(groups[1:])


def table(questions: Sequence[str], answers: Sequence[Sequence[Answer]]) -> AnswerTable:
    """Who answers what to several questions.

    Args:
        questions: the expressions.
        answers: for each question the answers of all, in the same order.
    """
    columns: defaultdict[tuple[str, ...], list[tuple[Answer, ...]]] = defaultdict(list)
    for of_one in zip(*answers, strict=True):
        columns[tuple(answer.same for answer in of_one)].append(of_one)
    ordered = sorted(columns.values(), key=lambda column: -len(column))
    return AnswerTable(
        tuple(questions),
        tuple(_equal("", [of_one[0].who for of_one in column]) for column in ordered),
        tuple(
            tuple(column[0][row].text for column in ordered) for row in range(len(questions))
        ),
    )


def stacks(found: Iterable[tuple[str, tuple[Frame, ...]]]) -> tuple[EqualStacks, ...]:
    """Equal stacks together, that of most first.

    Args:
        found: (who, its frames, outermost first).
    """
    groups: defaultdict[tuple[Frame, ...], list[str]] = defaultdict(list)
    for who, frames in found:
        groups[frames].append(who)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return tuple(EqualStacks(frames, tuple(who), fold_names(who)) for frames, who in ordered)


def _equal(text: str, who: list[str]) -> EqualAnswers:
    return EqualAnswers(text, tuple(who), fold_names(who))
