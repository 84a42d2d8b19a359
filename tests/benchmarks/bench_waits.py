"""What the record of locks costs: `python tests/benchmarks/bench_waits.py`.

Three drivers take turns, one plainly, one under mpdebug and one with `--waits=owner`. Each row
is the median of the turns; the difference and the ratio are medians over pairs of neighbouring
turns, of processor time: a busy machine changes that little.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

LOOPS = str(Path(__file__).with_name("waits.py"))
UNDER = ["-m", "mpdebug"]
OWNER = [*UNDER, "--waits=owner"]
OFF = [*UNDER, "--waits=off"]

# loop → (what one turn of it is, turns, most µs more, most × full, most × owner)
AIMS = {
    "with_lock": ("with lock, nobody waits", 50_000, 1.0, None, 2.0),
    "acquire_release": ("acquire() and release()", 50_000, None, None, None),
    "with_rlock": ("with rlock", 30_000, None, None, None),
    "with_semaphore": ("with semaphore", 30_000, None, None, None),
    "queue": ("Queue: put and get", 3_000, None, 1.10, None),
    "simple_queue": ("SimpleQueue: put and get", 5_000, None, None, None),
    "pipe": ("Connection: send and recv", 5_000, None, 1.10, None),
    "pool_map": ("Pool.map: an empty task", 10_000, None, 1.15, None),
    "pool_tasks": ("the same, chunksize=1", 3_000, None, None, None),
}


class Driver:
    """A program that runs loops when asked."""

    def __init__(self, options: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *options, LOOPS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, count: int) -> float:
        """Microseconds of processor time for one turn of the loop."""
        assert self.process.stdin
        assert self.process.stdout
        print(name, count, file=self.process.stdin, flush=True)
        return 1e6 * float(self.process.stdout.readline().split(",")[1]) / count

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def row(what: str, times: list[list[float]], aims: tuple[float | None, ...]) -> str:
    """One line of the table; `times` are those of each driver."""
    plain = times[0]
    said = f"{what:<26} {median(plain):8.3f}"
    more, ratio, owner = aims
    missed = []
    for ours, most in zip(times[1:], (ratio, owner, None), strict=True):
        pairs = list(zip(plain, ours, strict=True))
        extra = median(b - a for a, b in pairs)
        times_as_much = median(b / a for a, b in pairs)
        said += f"  {extra:+7.3f} {times_as_much:5.2f} ×"
        if most is not None and times_as_much > most:
            missed.append(f"{most:.2f} ×")
        if ours is times[1] and more is not None and extra > more:
            missed.append(f"+{more:g} µs")
    return f"{said}  {'MISSED ' + ', '.join(missed) if missed else 'met' if any(aims) else ''}"


def main() -> None:
    """Measure all loops and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each driver")
    parser.add_argument("loops", nargs="*", help="only these")
    args = parser.parse_args()
    print(f"Python {sys.version.split()[0]}; µs of processor time, medians of {args.rounds}")
    print(f"{'':<26} {'plain':>8}  {'full':>15}  {'owner':>15}  {'off':>15}  aim")
    drivers = [Driver([]), Driver(UNDER), Driver(OWNER), Driver(OFF)]
    for name, (what, count, *aims) in AIMS.items():
        if args.loops and name not in args.loops:
            continue
        for driver in drivers:
            driver.ask(name, count // 10)
        turns = [[driver.ask(name, count) for driver in drivers] for _ in range(args.rounds)]
        print(row(what, [list(each) for each in zip(*turns, strict=True)], tuple(aims)))
    for driver in drivers:
        driver.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        main()
