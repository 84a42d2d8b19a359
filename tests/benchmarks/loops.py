"""Loops for bench_breakpoints: a line in says which and how often, a line out the seconds."""

from __future__ import annotations

import sys
from time import perf_counter

import mpdebug


def lines(count: int) -> int:
    """A loop of plain lines, with one that is never reached."""
    total = 0
    for number in range(count):
        total += number
        total ^= 3
        total &= 0xFFFF
        if total < 0:
            total = 1  # the live breakpoint
    return total


def add(total: int, number: int) -> int:
    """A small function without a breakpoint, called often."""
    return total + number & 0xFFFF


def calls(count: int) -> int:
    """A loop that calls a function of the same file."""
    total = 0
    for number in range(count):
        total = add(total, number)
    return total


def hits(count: int) -> int:
    """A loop that comes to a line each time."""
    total = 0
    for number in range(count):
        total += number  # the live breakpoint with a condition that is false
    return total


def when_false(count: int) -> int:
    """A loop with a breakpoint whose condition is false."""
    total = 0
    for number in range(count):
        mpdebug.breakpoint(when=False)
        total += number
    return total


def once(count: int) -> int:
    """A loop with a breakpoint that has had its one stop."""
    total = 0
    for number in range(count):
        mpdebug.breakpoint(once=True)
        total += number
    return total


def main() -> None:
    """Answer until there are no more questions."""
    for line in sys.stdin:
        name, count = line.split()
        began = perf_counter()
        globals()[name](int(count))
        print(perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
