"""Loops for bench_waits: a line in says which and how often, a line out WALL,CPU in seconds.

CPU is the processor time of this process (all its threads), and of the Pool's workers where
there is one.
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

fork = multiprocessing.get_context("fork")


def with_lock(count: int) -> None:
    """`with lock`, and nothing in it."""
    lock = fork.Lock()
    for _ in range(count):
        with lock:
            pass


def acquire_release(count: int) -> None:
    """The two calls."""
    lock = fork.Lock()
    for _ in range(count):
        lock.acquire()
        lock.release()


def with_rlock(count: int) -> None:
    """The same of a recursive lock."""
    lock = fork.RLock()
    for _ in range(count):
        with lock:
            pass


def with_semaphore(count: int) -> None:
    """The same of a semaphore."""
    lock = fork.Semaphore(3)
    for _ in range(count):
        with lock:
            pass


def queue(count: int) -> None:
    """Put a small object and get it."""
    queue: Any = fork.Queue()
    for number in range(count):
        queue.put(number)
        queue.get()
    queue.close()
    queue.join_thread()


def simple_queue(count: int) -> None:
    """The same without a thread: what Pools use."""
    queue: Any = fork.SimpleQueue()
    for number in range(count):
        queue.put(number)
        queue.get()


def pipe(count: int) -> None:
    """Send a small object and receive it."""
    reader, writer = fork.Pipe(duplex=False)
    for number in range(count):
        writer.send(number)
        reader.recv()


def nothing(number: int) -> int:
    """A task."""
    return number


def pool_map(count: int) -> None:
    """Empty tasks through `Pool.map`."""
    pools[0].map(nothing, range(count))


def pool_tasks(count: int) -> None:
    """The same, each task a message of its own."""
    pools[0].map(nothing, range(count), chunksize=1)


pools: list[Any] = []


def cpu() -> float:
    """Processor time so far, in seconds."""
    used = process_time()
    for pool in pools:
        for worker in pool._pool:
            text = Path(f"/proc/{worker.pid}/schedstat").read_text()
            used += int(text.split()[0]) / 1e9
    return used


def main() -> None:
    """Answer until there are no more questions."""
    for line in sys.stdin:
        name, count = line.split()
        if name.startswith("pool") and not pools:
            pools.append(fork.Pool(2))
        began, used = perf_counter(), cpu()
        globals()[name](int(count))
        print(f"{perf_counter() - began:.9f},{cpu() - used:.9f}", flush=True)
    for pool in pools:
        pool.close()
        pool.join()


if __name__ == "__main__":
    main()
