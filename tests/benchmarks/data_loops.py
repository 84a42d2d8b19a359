"""Loops for bench_data: a line in says which and how often, a line out seconds of CPU.

Each loop runs in a forked child of its own, where what is looked at is counted anew.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
from time import process_time
from typing import Any

fork = multiprocessing.get_context("fork")
kept: list[Any] = []


def value(count: int) -> None:
    """`v.value += 1`, the first 1,000 in a process: all of them are looked at."""
    shared = fork.Value("i", 0)
    for _ in range(count):
        shared.value += 1


def value_later(count: int) -> None:
    """The same, when the first 4,000 reads and writes are over."""
    shared = kept[0]
    for _ in range(count):
        shared.value += 1


def proxy(count: int) -> None:
    """`d[k] += 1` on a manager's dict."""
    table = kept[1]
    for _ in range(count):
        table["n"] += 1


def draw(count: int) -> None:
    """Numbers of a generator that was there before the fork."""
    generator = kept[2]
    for _ in range(count):
        generator.random()


def before(name: str) -> None:
    """What comes before a loop, in its child, and is not measured."""
    if name == "value_later":
        value_later(2500)
    elif name == "proxy":
        proxy(1)


def run(name: str, count: int, answer: Any) -> None:
    """A child."""
    before(name)
    used = process_time()
    globals()[name](count)
    answer.send(process_time() - used)


def forks(count: int) -> float:
    """Plain forks: beside what threads there are, with the generators that there are."""
    used = process_time()
    for _ in range(count):
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
    return process_time() - used


def beside(count: int) -> float:
    """Forks beside ten threads of the program that wait."""
    go = threading.Event()

    def wait() -> None:
        go.wait()

    threads = [threading.Thread(target=wait) for _ in range(10)]
    for thread in threads:
        thread.start()
    used = forks(count)
    go.set()
    for thread in threads:
        thread.join()
    return used


def with_generators(count: int) -> float:
    """Forks of a program with twenty generators."""
    generators = [random.Random() for _ in range(20)]
    used = forks(count)
    del generators
    return used


def main() -> None:
    """Answer until there are no more questions."""
    with fork.Manager() as manager:
        kept.extend((fork.Value("i", 0), manager.dict(n=0), random.Random()))
        for line in sys.stdin:
            name, count = line.split()
            if name in ("forks", "beside", "with_generators"):
                print(f"{globals()[name](int(count)):.9f}", flush=True)
                continue
            here, there = fork.Pipe(duplex=False)
            child = fork.Process(target=run, args=(name, int(count), there))
            child.start()
            print(f"{here.recv():.9f}", flush=True)
            child.join()
            here.close()
            there.close()


if __name__ == "__main__":
    main()
