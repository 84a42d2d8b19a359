"""What breakpoints cost a program that runs: `python tests/benchmarks/bench_breakpoints.py`.

Two programs run the same loops and take turns, one plainly and one under mpdebug with live
breakpoints in it, so that both see the same machine. Printed are medians in nanoseconds for
one round of a loop, their difference and ratio, and the aim.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from mpdebug import env

LOOPS = Path(__file__).with_name("loops.py")
COUNT = 200_000

NOTHING = 1.05
"""Ratio that two runs of the same thing may show on a machine that does other things too."""

# loop → (what it is, most ns more than plain, most × plain)
AIMS: dict[str, tuple[str, float | None, float | None]] = {
    "lines": ("other lines of the function", None, NOTHING),
    "calls": ("other functions of the file", None, NOTHING),
    "hits": ("the line itself, --if is false", None, None),
}
CALLS: dict[str, tuple[str, float | None]] = {
    "when_false": ("mpdebug.breakpoint(when=False)", 500.0),
    "once": ("mpdebug.breakpoint(once=True), over", None),
}


class Program:
    """The loops in a process of their own."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *options, str(LOOPS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.ask("lines", 10)

    def ask(self, name: str, count: int = COUNT) -> float:
        """Nanoseconds for one round of this loop."""
        assert self.process.stdin
        assert self.process.stdout
        print(name, count, file=self.process.stdin, flush=True)
        return 1e9 * float(self.process.stdout.readline()) / count

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def set_break(run: str, words: str, *options: str) -> None:
    """Break at the line of the loops with these words, in the run that goes on."""
    texts = LOOPS.read_text("utf-8").splitlines()
    line = next(number for number, text in enumerate(texts, 1) if text.endswith(words))
    command = [sys.executable, "-m", "mpdebug", "break", f"{LOOPS}:{line}", "--run", run]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)


def row(
    what: str, pairs: list[tuple[float, float]], most: float | None, ratio: float | None
) -> str:
    """One line of the table."""
    a, b = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    aims = [f"+{most:g} ns"] if most is not None else []
    aims += [f"{ratio:.2f} ×"] if ratio is not None else []
    met = (most is None or b - a <= most) and (ratio is None or b / a <= ratio)
    verdict = ("met" if met else "MISSED") if aims else ""
    return (
        f"{what:<36} {a:8.1f} {b:8.1f} {b - a:+9.1f} {b / a:7.2f} ×"
        f"   {', '.join(aims):<10} {verdict}".rstrip()
    )


def main(folder: str) -> None:
    """Measure all loops and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each program")
    rounds = parser.parse_args().rounds
    run = f"{folder}/run"
    plain = Program()
    ours = Program("-m", "mpdebug", "--run-dir", run, "--script", "c")
    set_break(run, "# the live breakpoint")
    set_break(run, "with a condition that is false", "--if", "number < 0")
    print(f"Python {env.PYTHON}; medians in ns of {rounds} turns; a round of a loop with")
    print(f"{'':<36} {'plain':>8} {'ours':>8} {'more':>9} {'ratio':>9}   aim")
    for name, (what, most, ratio) in AIMS.items():
        pairs = [(plain.ask(name), ours.ask(name)) for _ in range(rounds)]
        # Without sys.monitoring it is told to be slow, and only measured.
        print(row(what, pairs, most, ratio if env.MONITORING else None))
    subprocess.run(
        [sys.executable, "-m", "mpdebug", "clear", "all", "--run", run],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for name, (what, most) in CALLS.items():
        ours.ask(name, 10)
        pairs = [(plain.ask("hits"), ours.ask(name)) for _ in range(rounds)]
        print(row(what, pairs, most, None))
    plain.close()
    ours.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        os.environ["XDG_STATE_HOME"] = place
        main(place)
