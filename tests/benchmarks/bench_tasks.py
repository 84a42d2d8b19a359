"""What the record of tasks and queues costs: `python tests/benchmarks/bench_tasks.py`.

Two programs hand out work side by side, one plainly and one under mpdebug, and take turns, so
that both see the same machine. Printed are medians for one item, the median of the ratios of
turns that follow each other, and the aim.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = str(Path(__file__).with_name("works.py"))
UNDER = ["-m", "mpdebug"]

# way → (what it is, items in one turn, most × plain)
AIMS = {
    "queue": ("Queue: put and get of a number", 2000, 1.10),
    "map": ("Pool.map of empty tasks", 10_000, 1.15),
    "each": ("the same, chunksize=1", 1000, None),
    "imap": ("Pool.imap of empty tasks", 1000, None),
    "async": ("Pool.apply_async and get", 1000, None),
    "submit": ("ProcessPoolExecutor.submit and result", 500, None),
}


class Works:
    """A program that hands out work when asked."""

    def __init__(self, options: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *options, PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, way: str, count: int) -> float:
        """The µs that one item took."""
        assert self.process.stdin
        assert self.process.stdout
        print(way, count, file=self.process.stdin, flush=True)
        return 1e6 * float(self.process.stdout.readline()) / count

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def main() -> None:
    """Measure all ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="turns of each program")
    rounds = parser.parse_args().rounds
    print(f"Python {sys.version.split()[0]}; medians in µs of {rounds} turns")
    print(f"{'':<40} {'plain':>8} {'ours':>8} {'more':>8} {'ratio':>7}   aim")
    plain, ours = Works([]), Works(UNDER)
    for way, (what, count, most) in AIMS.items():
        plain.ask(way, count), ours.ask(way, count)  # the feeder starts once
        pairs = [(plain.ask(way, count), ours.ask(way, count)) for _ in range(rounds)]
        a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(two / one for one, two in pairs)
        aim = f"{most:.2f} ×   {'met' if ratio <= most else 'MISSED'}" if most else ""
        print(f"{what:<40} {a:8.2f} {b:8.2f} {b - a:+8.2f} {ratio:5.2f} ×   {aim}", flush=True)
    plain.close()
    ours.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        main()
