"""What it costs to start a process under mpdebug: `python tests/benchmarks/bench_startup.py`.

Two drivers run side by side, one plainly and one under mpdebug, and take turns, so that both
see the same machine. Printed are medians of the time passed, their difference and ratio, the
difference of the processor time used (which a busy machine does not change), and the aim.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import mpdebug
from tests.benchmarks import driver

DRIVER = str(Path(__file__).with_name("driver.py"))
UNDER = ["-m", "mpdebug"]

# way → (what it is, processes in one turn, most ms more than plain, most × plain)
AIMS = {
    "exec": ("subprocess: python -c pass", 5, 8.0, None),
    "spawn": ("Process, spawn: start and join", 3, None, 1.10),
    "fork": ("Process, fork: start and join", 20, 0.4, 1.25),
    "forkserver": ("Process, forkserver: start and join", 20, None, None),
}


Times = list[tuple[float, float]]
"""(time passed, processor time) in milliseconds, of each process."""


class Driver:
    """A program that starts processes when asked."""

    def __init__(self, options: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *options, DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, way: str, count: int) -> Times:
        """Start so many processes; how long each took."""
        assert self.process.stdin
        assert self.process.stdout
        print(way, count, file=self.process.stdin, flush=True)
        words = [word.split(",") for word in self.process.stdout.readline().split()]
        return [(1000 * float(wall), 1000 * float(cpu)) for wall, cpu in words]

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def whole(options: list[str]) -> tuple[float, float]:
    """`python [-m mpdebug] -c pass`, seen from outside."""
    began, used = perf_counter(), driver.cpu()
    subprocess.run([sys.executable, *options, "-c", "pass"], check=True)
    return 1000 * (perf_counter() - began), 1000 * (driver.cpu() - used)


def row(what: str, plain: Times, ours: Times, most: float | None, ratio: float | None) -> str:
    """One line of the table."""
    (a, cpu_a), (b, cpu_b) = (
        map(statistics.median, zip(*each, strict=True)) for each in (plain, ours)
    )
    aims = [f"+{most:g} ms"] if most is not None else []
    aims += [f"{ratio:.2f} ×"] if ratio is not None else []
    met = (most is None or b - a <= most) and (ratio is None or b / a <= ratio)
    verdict = ("met" if met else "MISSED") if aims else ""
    return (
        f"{what:<36} {a:7.2f} {b:7.2f} {b - a:+7.2f} {b / a:5.2f} × {cpu_b - cpu_a:+7.2f}"
        f"   {', '.join(aims):<16} {verdict}"
    )


def main() -> None:
    """Measure all ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each driver")
    rounds = parser.parse_args().rounds
    # Where PYTHONDONTWRITEBYTECODE is set, every changed file would be compiled at each start.
    compileall.compile_dir(Path(mpdebug.__file__).parent, quiet=1)
    print(f"Python {sys.version.split()[0]}; medians in ms of {rounds} turns")
    print(f"{'':<36} {'plain':>7} {'ours':>7} {'more':>7} {'ratio':>7} {'cpu':>7}   aim")
    plain, ours = Driver([]), Driver(UNDER)
    for way, (what, count, most, ratio) in AIMS.items():
        plain.ask(way, 1), ours.ask(way, 1)  # a forkserver starts once
        times: tuple[Times, Times] = ([], [])
        for _ in range(rounds):
            times[0].extend(plain.ask(way, count))
            times[1].extend(ours.ask(way, count))
        print(row(what, *times, most, ratio))
    plain.close()
    ours.close()
    pairs = [(whole([]), whole(UNDER)) for _ in range(rounds)]
    plainly, under = ([pair[side] for pair in pairs] for side in (0, 1))
    print(row("python -m mpdebug -c pass, whole", plainly, under, 250, None))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        main()
