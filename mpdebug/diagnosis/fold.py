"""Equal deaths of many processes are one death with a count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mpdebug.diagnosis import places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpdebug.model import Death

FEW = 3
"""So many equal deaths are told one by one."""


@dataclass(frozen=True, slots=True)
class Group:
    """Deaths that differ only in who died (and in the task that it had).

    Attributes:
        first: the one that is shown.
        deaths: all of them, in the order of time.
    """

    first: Death
    deaths: tuple[Death, ...]


def signature(death: Death) -> tuple[str, ...]:
    """What is the same in equal deaths: kind, cause, role, and the line where it happened."""
    frame = places.innermost(death.frames)
    place = f"{frame.file}:{frame.line}" if frame else ""
    sent = next((text for label, text in death.detail if label == "sent by"), "")
    for word in ("itself", "perhaps by"):  # the rest names a process
        sent = word if sent.startswith(word) else sent
    return death.kind, death.cause, death.process.role, place, sent


def fold(deaths: Iterable[Death]) -> list[Group]:
    """Equal deaths together where there are more than a few; the order of time is kept."""
    kinds: dict[tuple[str, ...], list[Death]] = {}
    for death in deaths:
        kinds.setdefault(signature(death), []).append(death)
    groups = []
    for equal in kinds.values():
        if len(equal) > FEW:
            groups.append(Group(equal[0], tuple(equal)))
        else:
            groups += [Group(death, (death,)) for death in equal]
    return sorted(groups, key=lambda group: (group.first.mono, group.first.process.key))
