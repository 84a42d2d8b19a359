"""What a log record costs: `python tests/benchmarks/bench_logging.py`.

End to end: four workers log 20,000 records each; the clock runs from the moment they are let
go until the last line is in the sink's file. The ways take turns within one go. Counted are
also the lines that are missing, and neighbours in the file that are out of order.

One call: `logging.info` with one argument and one extra key, with our file as its only sink,
against a FileHandler as its only sink, in turns.

The aims: 3 times QueueHandler + Queue + QueueListener, 5 times loguru's enqueue=True, and
at most 1.3 times the FileHandler's call.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import logging
import logging.handlers
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ME = str(Path(__file__).resolve())
STAMP = re.compile(rb'(?:\{"time":)?(\d+\.\d+)')
LINE = "%(created).6f %(process)d %(levelname)s %(name)s %(message)s row=%(row)s"
LOGURU_LINE = "{time:X}.{time:SSSSSS} {process} {level} {name} {message} row={extra[row]}"
BLOCK = 100
"""Calls that are timed together; few, so that some are not disturbed by anybody."""

GRAIN = 5e-6
"""Seconds that the clock, read twice and written with six digits, may differ from itself."""


# The programs that are measured. Each run is a process of its own.


def work(count: int, gate: Any, setup: Any, argument: Any) -> None:
    """A worker: logs when the gate opens."""
    setup(argument)
    log = logging.getLogger("app.db")
    gate.wait()
    for row in range(count):
        log.info("saved row %d of the table of users", row, extra={"row": row})


def to_queue(queue: Any) -> None:
    root = logging.getLogger()
    root.handlers = [logging.handlers.QueueHandler(queue)]
    root.setLevel(logging.INFO)


def to_nothing(_: object) -> None:
    logging.getLogger().setLevel(logging.INFO)


def work_loguru(count: int, gate: Any, _: object, logger: Any) -> None:
    gate.wait()
    for row in range(count):
        logger.bind(row=row).info("saved row {} of the table of users", row)


def gather(way: str, workers: int, count: int, sink: str) -> None:
    """Run the workers; prints when they were let go."""
    context = multiprocessing.get_context("fork")
    gate = context.Event()
    target: Any = work
    setup: Any = to_nothing
    argument: Any = None
    end: Any = None
    if way == "queue":
        argument, setup = context.Queue(), to_queue
        handler = logging.FileHandler(sink)
        handler.setFormatter(logging.Formatter(LINE))
        listener = logging.handlers.QueueListener(argument, handler)
        end = listener.stop
    elif way == "loguru":
        from loguru import logger  # noqa: PLC0415 - only where it is asked for

        logger.remove()
        logger.add(sink, enqueue=True, format=LOGURU_LINE, context=context)
        target, argument, end = work_loguru, logger, logger.complete
    started = [
        context.Process(target=target, args=(count, gate, setup, argument))
        for _ in range(workers)
    ]
    for one in started:
        one.start()
    if way == "queue":
        listener.start()
    print(time.time(), flush=True)
    gate.set()
    for one in started:
        one.join()
    if end is not None:
        end()


def call(sink: str, count: int) -> None:
    """Log in a loop; prints the microseconds of one call, the best block and the median."""
    log = logging.getLogger("app.db")
    log.setLevel(logging.INFO)
    if sink:
        handler = logging.FileHandler(sink)
        handler.setFormatter(logging.Formatter(LINE))
        logging.getLogger().addHandler(handler)
    rows = []
    for _ in range(count // BLOCK):
        began = time.perf_counter()
        for row in range(BLOCK):
            log.info("saved row %d of the table of users", row, extra={"row": row})
        rows.append((time.perf_counter() - began) / BLOCK * 1e6)
    print(min(rows), statistics.median(rows), flush=True)


# Measuring them.


def ask(words: list[str], options: list[str]) -> list[float]:
    """Run one of the programs above; what it printed."""
    command = [sys.executable, *options, ME, *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return [float(word) for word in done.stdout.split()]


def measure(
    way: str, workers: int, count: int, folder: Path
) -> tuple[float, int, float, float]:
    """Records a second, how many are missing, % out of order, worst step back in ms."""
    sink = folder / f"{way}-{time.monotonic_ns()}"
    ours = way == "mpdebug"
    options = ["-m", "mpdebug", "--logs", "off", "--log-file", str(sink)] if ours else []
    words = [
        "--way",
        way,
        "--workers",
        str(workers),
        "--count",
        str(count),
        "--sink",
        str(sink),
    ]
    began = ask(words, options)[0]
    seconds = sink.stat().st_mtime - began
    stamps = [
        float(found[1])
        for line in sink.read_bytes().splitlines()
        if b"saved row" in line and (found := STAMP.match(line))
    ]
    sink.unlink()
    back = [a - b for a, b in itertools.pairwise(stamps) if a - b > GRAIN]
    total = workers * count
    return (
        total / seconds,
        total - len(stamps),
        100 * len(back) / total,
        1e3 * max(back, default=0),
    )


def end_to_end(workers: int, count: int, turns: int, folder: Path) -> None:
    ways = ["queue", "mpdebug"]
    if importlib.util.find_spec("loguru"):
        ways.insert(1, "loguru")
    found: dict[str, list[tuple[float, int, float, float]]] = {way: [] for way in ways}
    for _ in range(turns):
        for way in ways:
            found[way].append(measure(way, workers, count, folder))
    print(f"end to end: {workers} workers, {count:,} records each, {turns} turns")
    print(f"    {'':10}{'records/s':>10}{'× queue':>9}{'× loguru':>10}{'missing':>9}"
          f"{'out of order':>14}{'worst':>9}")  # fmt: skip
    for way, rows in found.items():
        rate = statistics.median(row[0] for row in rows)
        against = [ratio(rows, found.get(other, [])) for other in ("queue", "loguru")]
        print(f"    {way:10}{rate:>10,.0f}{against[0]:>9}{against[1]:>10}"
              f"{max(row[1] for row in rows):>9,}{max(row[2] for row in rows):>13.3f}%"
              f"{max(row[3] for row in rows):>6.1f} ms")  # fmt: skip
    print("    aims: 3 × queue, 5 × loguru, none missing, none out of order")


def ratio(rows: list[Any], others: list[Any]) -> str:
    """The median of the ratios within each turn."""
    if not others:
        return "-"
    found = [row[0] / other[0] for row, other in zip(rows, others, strict=True)]
    return f"{statistics.median(found):.2f}"


def one_call(count: int, turns: int, folder: Path) -> None:
    ours, file = [], []
    under = ["-m", "mpdebug", "--logs", "off"]
    for turn in range(turns):
        file.append(
            ask(["--call", "--count", str(count), "--sink", str(folder / f"{turn}")], [])
        )
        ours.append(ask(["--call", "--count", str(count)], under))
    print(f"one call: logging.info with an argument and an extra key, {turns} turns")
    print(f"    {'':12}{'best':>9}{'median':>9}")
    for name, rows in (("FileHandler", file), ("ours", ours)):
        best, usual = (statistics.median(row[at] for row in rows) for at in (0, 1))
        print(f"    {name:12}{best:>6.2f} µs{usual:>6.2f} µs")
    ratios = [
        statistics.median(a[at] / b[at] for a, b in zip(ours, file, strict=True))
        for at in (0, 1)
    ]
    print(f"    {'ratio':12}{ratios[0]:>6.2f}   {ratios[1]:>6.2f}      aim: at most 1.30")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", choices=("gather", "call"))
    parser.add_argument("--way", help=argparse.SUPPRESS)  # this process is what is measured
    parser.add_argument("--call", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sink", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        gather(args.way, args.workers, args.count, args.sink)
        return
    if args.call:
        call(args.sink, args.count)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("PYTHONPATH", str(Path(ME).parents[2]))
        if args.only != "call":
            end_to_end(args.workers, args.count, args.turns, Path(folder))
        if args.only != "gather":
            one_call(30_000, args.turns, Path(folder))


if __name__ == "__main__":
    main()
