"""What it costs to look at a run: `python tests/benchmarks/bench_tree.py`.

A program with many idle processes is started under mpdebug; we read its folder, sample every
process, make the rows and draw them, as `mpdebug tree --watch` does once a second. Counted is
processor time, which a busy machine changes little. Then, of the same run, each process must
be in the tree, also when all of them have ended.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

from rich.console import Console

from mpdebug.cli import tree as command
from mpdebug.cli.look import Look
from mpdebug.views.tree import TreeView, Widths

CROWD = str(Path(__file__).with_name("crowd.py"))
UNDER = [sys.executable, "-m", "mpdebug", "--keep", CROWD, "idle"]
WINDOW = 50  # lines of a terminal


def cpu_ms() -> float:
    """Processor time of this process so far, user and system, in milliseconds."""
    return 1000 * time.process_time()


def look_and_draw(rounds: int, memory: str = "rss") -> tuple[float, float, int]:
    """(ms for a look, ms for a picture of a window, processes in the tree); medians."""
    look = Look("last", memory)
    look.look()
    console = Console(file=io.StringIO(), width=160, height=WINDOW, force_terminal=True)
    widths = Widths()
    looks, draws = [], []
    for _ in range(rounds):
        time.sleep(0.05)
        began = cpu_ms()
        look.look()
        seen = look.tree()
        looked = cpu_ms()
        console.print(TreeView(seen, widths, 0, WINDOW))
        draws.append(cpu_ms() - looked)
        looks.append(looked - began)
    return median(looks), median(draws), sum(row.count for row in seen.rows)


def start(count: int) -> subprocess.Popen[str]:
    """The crowd, when all of it stands."""
    started = subprocess.Popen(
        [*UNDER, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout
    started.stdout.readline()
    return started


def shown() -> int:
    """Objects that `mpdebug tree last --json` prints."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    printed = io.StringIO()
    with redirect_stdout(printed):
        command.main(parser.parse_args(["last", "--json"]))
    return len({json.loads(line)["key"] for line in printed.getvalue().splitlines()})


def watch(seconds: float) -> float:
    """Share of a core, in percent, that `mpdebug tree --watch` takes as text to a pipe."""
    words = [sys.executable, "-m", "mpdebug", "tree", "last", "--watch"]
    watching = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert watching.stdout
    watching.stdout.readline()  # it has loaded all, and made the first picture
    began = used(watching.pid)
    end = time.monotonic() + seconds
    os.set_blocking(watching.stdout.fileno(), False)
    while time.monotonic() < end:
        time.sleep(0.2)
        watching.stdout.read()
    share = 100 * (used(watching.pid) - began) / seconds
    watching.kill()
    watching.wait()
    return share


def used(pid: int) -> float:
    """Seconds of processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="processes that are looked at")
    parser.add_argument(
        "--many", type=int, default=1000, help="processes of which none is lost"
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10, help="how long to watch")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        started = start(args.count)
        looking, drawing, _ = look_and_draw(args.rounds)
        share = watch(args.seconds)
        started.communicate("\n")
        print(f"{args.count} processes, processor time, medians of {args.rounds}")
        print(f"    a look (folder, samples, rows): {looking:6.1f} ms   aim: at most 60 ms")
        print(
            f"    a picture of {WINDOW} lines:          {drawing:6.1f} ms   aim: at most 20 ms"
        )
        print(f"    --watch, each second:           {share:6.1f}%    aim: under 10% of a core")
        started = start(args.many)
        looking, drawing, _ = look_and_draw(3)
        living = shown()
        started.communicate("\n")
        over = shown()
        print(f"{args.many} processes: a look {looking:.0f} ms, a picture {drawing:.1f} ms")
        for what, found in (("living", living), ("ended", over)):
            print(f"    missing, {what}: {args.many + 1 - found:>6}   aim: 0")


if __name__ == "__main__":
    main()
