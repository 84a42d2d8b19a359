"""Values of options that are neither of a few words nor free text: seconds, signals.

Each function returns the value as the settings have it, or raises UsageError with what to type.
"""

from __future__ import annotations

import math
import signal

from mpdebug.errors import UsageError

FREE = ("SIGUSR1", "SIGUSR2")
"""Signals without a meaning of their own, beside the real-time ones."""


def seconds(value: str, told: str) -> str:
    """A number of seconds, zero or more; `told` names the option."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if number < 0 or not math.isfinite(number):
        raise UsageError(f"{told} cannot be {value!r}", f"Type seconds: {told}=60")
    return f"{number:g}"


def count(value: str, told: str) -> str:
    """A whole number from 1 on; `told` names the option."""
    if not value.isdecimal() or int(value) < 1:
        raise UsageError(f"{told} cannot be {value!r}", f"Type a number from 1 on: {told}=3")
    return str(int(value))


def signals(value: str, told: str) -> str:
    """Two signals, `STACKS,NUDGE`, by name or number; returned as numbers."""
    words = [word.strip() for word in value.split(",")]
    if len(words) != 2 or not all(words):  # noqa: PLR2004
        raise UsageError(
            f"{told} wants two signals, not {value!r}",
            f"Type one for stacks and one for requests: {told}=RTMAX-1,RTMAX-2",
        )
    numbers = [_number(word, told) for word in words]
    if numbers[0] == numbers[1]:
        raise UsageError(
            f"{told} has the same signal twice: {words[0]}",
            f"Type two: {told}=RTMAX-1,RTMAX-2",
        )
    return ",".join(map(str, numbers))


def _number(word: str, told: str) -> int:
    """The number of one signal: `60`, `SIGUSR1`, `usr1`, `RTMAX-2`, `SIGRTMIN+3`."""
    low, high = int(signal.SIGRTMIN), int(signal.SIGRTMAX)
    name = "SIG" + word.upper().removeprefix("SIG")
    number = 0
    if word.isdecimal():
        number = int(word)
    elif name in signal.Signals.__members__:
        number = int(signal.Signals[name])
    elif name[:8] in {"SIGRTMIN", "SIGRTMAX"} and name[9:].isdecimal() and name[8] in "+-":
        number = (low if name[:8] == "SIGRTMIN" else high) + int(name[8:])
    free = [int(signal.Signals[each]) for each in FREE]
    if number in free or low <= number <= high:
        return number
    raise UsageError(
        f"{told} cannot have {word}",
        f"Free are {', '.join(FREE)} and SIGRTMIN to SIGRTMAX (numbers {low} to {high}).",
    )
