"""How soon there is a prompt: `python tests/benchmarks/bench_prompt.py`.

Real terminals (ptys), real processes; times are medians in ms, from the line before the
breakpoint to the first character of the prompt on the screen.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from time import perf_counter

import pexpect

import mpdebug

PROMPT = r"\(mpdb [^\n]*?\)"
WORKERS = 64

STOPS = (
    "import sys, time\n"
    "time.sleep(float(sys.argv[1]))\n"
    "print('AT', time.monotonic_ns(), flush=True)\n"
    "breakpoint()\n"
)
CROWD = (
    "import multiprocessing, sys\n"
    "def work(number, barrier):\n"
    "    barrier.wait()\n"
    "    breakpoint()\n"
    "if __name__ == '__main__':\n"
    "    context, many = multiprocessing.get_context('fork'), int(sys.argv[1])\n"
    "    barrier = context.Barrier(many)\n"
    "    all = [context.Process(target=work, args=(n, barrier)) for n in range(many)]\n"
    "    [one.start() for one in all]\n"
    "    [one.join() for one in all]\n"
)


def run(*words: str) -> pexpect.spawn[str]:
    """A command at a terminal of 120 columns."""
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    return pexpect.spawn(
        sys.executable,
        [*words],
        env={**env, "TERM": "xterm-256color"},
        dimensions=(50, 120),
        encoding="utf-8",
        timeout=60,
    )


def stop_to_prompt(script: Path, seconds: float) -> float:
    """From a breakpoint to the prompt in the terminal in which the program runs, in ms."""
    child = run("-m", "mpdebug", str(script), str(seconds))
    child.expect(r"AT (\d+)")
    match = child.match
    assert isinstance(match, re.Match)
    child.expect(PROMPT)
    took = (time.monotonic_ns() - int(match[1])) / 1e6
    child.send("c\r")
    child.expect(pexpect.EOF)
    child.close()
    return took


def cold_attach() -> float:
    """`mpdebug attach` from the shell to its prompt, in ms."""
    began = perf_counter()
    child = run("-m", "mpdebug", "attach")
    child.expect(PROMPT)
    took = (perf_counter() - began) * 1000
    child.close(force=True)
    return took


def bare_python() -> float:
    """`python -c pass`, in ms."""
    began = perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (perf_counter() - began) * 1000


def all_answer(child: pexpect.spawn[str]) -> float:
    """`all number`, from the enter to the answer of the last of all workers, in ms."""
    began = perf_counter()
    child.send("all 6 * 7\r")
    child.expect(rf"{WORKERS} ×")
    child.expect(PROMPT)
    return (perf_counter() - began) * 1000


def row(what: str, value: float, aim: float) -> str:
    """One line of the table."""
    return f"{what:<52} {value:8.1f}   {aim:6g}   {'met' if value <= aim else 'MISSED'}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    compileall.compile_dir(Path(mpdebug.__file__).parent, quiet=1)
    print(f"Python {sys.version.split()[0]}; medians in ms of {rounds} rounds")
    print(f"{'':<52} {'ms':>8}   {'aim':>6}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        stops, crowd = Path(folder) / "stops.py", Path(folder) / "crowd.py"
        hidden = Path(folder) / "hidden.py"
        stops.write_text(STOPS)
        hidden.write_text(STOPS.replace("breakpoint()", "eval('break' + 'point()')"))
        crowd.write_text(CROWD)
        for what, script, seconds in (
            ("stop to prompt, after 2 s", hidden, 2.0),
            ("stop to prompt, after 0.7 s, breakpoint in the script", stops, 0.7),
        ):
            times = [stop_to_prompt(script, seconds) for _ in range(rounds)]
            print(row(what, statistics.median(times), 150))
        waiting = run("-m", "mpdebug", "--prompt=never", str(crowd), str(WORKERS))
        waiting.expect("mpdebug attach")
        more = [cold_attach() - bare_python() for _ in range(rounds)]
        print(
            row("cold mpdebug attach, more than python -c pass", statistics.median(more), 400)
        )
        attached = run("-m", "mpdebug", "attach")
        attached.expect(PROMPT)
        times = [all_answer(attached) for _ in range(rounds)]
        print(row(f"all EXPR, {WORKERS} workers stopped", statistics.median(times), 1000))
        attached.send("c all\r")
        waiting.expect(pexpect.EOF)


if __name__ == "__main__":
    main()
