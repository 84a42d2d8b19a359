"""Hands out work when it is told to, and says how long it took; for bench_tasks.

Reads lines `WAY COUNT` from stdin, answers each with the seconds that COUNT items took.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import sys
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def nothing(number: int) -> None:
    """An empty task."""


def ways() -> dict[str, Callable[[int], object]]:
    """What is measured; each is given the number of items."""
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[int] = context.Queue()
    pool = context.Pool(2)
    executor = concurrent.futures.ProcessPoolExecutor(2, mp_context=context)

    def put_get(count: int) -> None:
        for number in range(count):
            queue.put(number)
            queue.get()

    def apply_async(count: int) -> None:
        for result in [pool.apply_async(nothing, (number,)) for number in range(count)]:
            result.get()

    def imap(count: int) -> None:
        for _ in pool.imap(nothing, range(count)):
            pass

    def submit(count: int) -> None:
        for future in [executor.submit(nothing, number) for number in range(count)]:
            future.result()

    return {
        "queue": put_get,
        "map": lambda count: pool.map(nothing, range(count)),
        "each": lambda count: pool.map(nothing, range(count), chunksize=1),
        "imap": imap,
        "async": apply_async,
        "submit": submit,
    }


def main() -> None:
    """Answer until stdin ends."""
    known = ways()
    for line in sys.stdin:
        way, count = line.split()
        began = perf_counter()
        known[way](int(count))
        print(f"{perf_counter() - began:.9f}", flush=True)


if __name__ == "__main__":
    main()
