"""Many processes, for bench_scale: `crowd.py busy COUNT` or `crowd.py idle COUNT`."""

from __future__ import annotations

import logging
import multiprocessing
import sys

LINES = 10
AT_ONCE = 20

log = logging.getLogger("crowd")
log.setLevel(logging.INFO)
log.addHandler(logging.NullHandler())


def talk(number: int) -> None:
    """Log ten lines and end."""
    for line in range(LINES):
        log.info("line %d", line, extra={"number": number})


def busy(count: int) -> None:
    """Start so many processes that log and end, some at a time."""
    context = multiprocessing.get_context("fork")
    for first in range(0, count, AT_ONCE):
        processes = [
            context.Process(target=talk, args=(number,))
            for number in range(first, min(first + AT_ONCE, count))
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()


def idle(count: int) -> None:
    """Start so many processes that wait; say so; end them when stdin has a line or ends."""
    context = multiprocessing.get_context("fork")
    end = context.Event()
    processes = [context.Process(target=end.wait) for _ in range(count)]
    for process in processes:
        process.start()
    print(*(process.pid for process in processes), flush=True)
    sys.stdin.readline()
    end.set()
    for process in processes:
        process.join()


if __name__ == "__main__":
    {"busy": busy, "idle": idle}[sys.argv[1]](int(sys.argv[2]))
