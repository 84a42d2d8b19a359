"""Starts processes when it is told to, and says how long each took; for bench_startup.

Reads lines `WAY COUNT` from stdin, answers each with COUNT words `WALL,CPU` in seconds on one
line. It is kept small: spawned children import it.
"""

from __future__ import annotations

import multiprocessing
import resource
import subprocess
import sys
from time import perf_counter


def nothing() -> None:
    """What the started processes do."""


def start(way: str) -> None:
    """Start one process by this way and wait for its end."""
    if way == "exec":
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        return
    process = multiprocessing.get_context(way).Process(target=nothing)  # type: ignore[attr-defined]
    process.start()
    process.join()


def cpu() -> float:
    """Processor time of this process and of its ended children, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        way, count = line.split()
        times = []
        for _ in range(int(count)):
            began, used = perf_counter(), cpu()
            start(way)
            times.append(f"{perf_counter() - began:.9f},{cpu() - used:.6f}")
        print(*times, flush=True)


if __name__ == "__main__":
    main()
