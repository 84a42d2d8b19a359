"""How soon everybody's stack is told: `python tests/benchmarks/bench_stacks.py`.

`mpdebug stacks` on a run of many processes against `py-spy dump` on each in turn, from the
shell, by turns in the same run of the same program. Times are the best of some rounds, in
seconds.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import mpdebug

AIM = 5
CROWD = Path(__file__).with_name("crowd.py")


def py_spy() -> str:
    """The path of py-spy; leaves where there is none to compare with."""
    beside = Path(sys.executable).with_name("py-spy")
    found = str(beside) if beside.exists() else shutil.which("py-spy")
    if not found:
        sys.exit("py-spy is not installed: pip install py-spy")
    return found


def ours(*words: str) -> tuple[float, str]:
    """`mpdebug stacks` from the shell: (seconds, what it said)."""
    began = perf_counter()
    command = [sys.executable, "-m", "mpdebug", "stacks", *words]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return perf_counter() - began, said


def theirs(program: str, pids: list[int]) -> tuple[float, int]:
    """`py-spy dump` on each in turn: (seconds, how many it told)."""
    began = perf_counter()
    told = 0
    for pid in pids:
        done = subprocess.run(
            [program, "dump", "--pid", str(pid)], check=False, capture_output=True
        )
        told += done.returncode == 0 and b"crowd.py" in done.stdout
    return perf_counter() - began, told


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    program = py_spy()
    compileall.compile_dir(Path(mpdebug.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        command = [sys.executable, "-m", "mpdebug", str(CROWD), "idle", str(args.processes)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, text=True, **pipes) as crowd:  # type: ignore[call-overload]
            pids = [int(word) for word in crowd.stdout.readline().split()]
            ours()  # the last ones of the program may still be starting
            pairs = [(ours()[0], theirs(program, pids)) for _ in range(args.rounds)]
            best_ours = min(our for our, _ in pairs)
            best, spied = min(their for _, their in pairs)
            rows = [json.loads(line) for line in ours("--json")[1].splitlines()]
            told = {row["pid"] for row in rows if row["threads"]}
            crowd.stdin.write("\n")
    complete = told >= set(pids)
    print(
        f"Python {sys.version.split()[0]}, {len(pids)} processes; best of {args.rounds} rounds"
    )
    print(f"mpdebug stacks                 {best_ours:7.2f} s   {len(told & set(pids))} told")
    print(f"py-spy dump on each in turn    {best:7.2f} s   {spied} told")
    met = complete and best >= AIM * best_ours
    verdict = "met" if met else "MISSED"
    print(f"times as fast                  {best / best_ours:7.1f}     aim {AIM}   {verdict}")


if __name__ == "__main__":
    main()
