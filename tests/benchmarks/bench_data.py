"""What it costs to see how data is lost: `python tests/benchmarks/bench_data.py`.

Three drivers take turns, one plainly, one under mpdebug and one with `--waits=off`, where
nothing of this is seen. Each row is the median of the turns; the ratios are medians over pairs
of neighbouring turns, of processor time: a busy machine changes that little. What a lock of
multiprocessing costs more for its record is in the rows of Value too, see bench_waits.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

LOOPS = str(Path(__file__).with_name("data_loops.py"))
UNDER = ["-m", "mpdebug"]
OFF = [*UNDER, "--waits=off"]

# loop → (what one turn of it is, turns)
ROWS = {
    "value": ("v.value += 1, the first", 1_000),
    "value_later": ("the same, later", 20_000),
    "proxy": ("d[k] += 1 of a manager", 300),
    "draw": ("a number of Random", 50_000),
    "forks": ("fork", 50),
    "beside": ("fork beside 10 threads", 50),
    "with_generators": ("fork with 20 generators", 50),
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
        return 1e6 * float(self.process.stdout.readline()) / count

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def row(what: str, times: list[list[float]]) -> str:
    """One line of the table; `times` are those of each driver."""
    plain = times[0]
    said = f"{what:<26} {median(plain):8.3f}"
    for ours in times[1:]:
        pairs = list(zip(plain, ours, strict=True))
        extra = median(b - a for a, b in pairs)
        said += f"  {extra:+8.3f} {median(b / a for a, b in pairs):5.2f} ×"
    return said


def main() -> None:
    """Measure all loops and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="turns of each driver")
    parser.add_argument("loops", nargs="*", help="only these")
    args = parser.parse_args()
    print(f"Python {sys.version.split()[0]}; µs of processor time, medians of {args.rounds}")
    print(f"{'':<26} {'plain':>8}  {'mpdebug':>16}  {'--waits=off':>16}")
    drivers = [Driver([]), Driver(UNDER), Driver(OFF)]
    for name, (what, count) in ROWS.items():
        if args.loops and name not in args.loops:
            continue
        turns = [[driver.ask(name, count) for driver in drivers] for _ in range(args.rounds)]
        print(row(what, [list(each) for each in zip(*turns, strict=True)]))
    for driver in drivers:
        driver.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        main()
