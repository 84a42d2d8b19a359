"""What it costs to know who waits for whom: `python tests/benchmarks/bench_picture.py`.

A picture of many processes with the proof on it, in seconds, and the whole of `mpdebug why`
with their stacks; and the gate that looks at many idle processes, as a share of one core at the
period that it keeps.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from mpdebug.diagnosis.proof import prove
from mpdebug.observer.find import find_run
from mpdebug.observer.picture import take
from mpdebug.observer.run import RunReader
from mpdebug.observer.standing import Gate

AIM, AIM_GATE = 1.0, 0.01
CROWD = Path(__file__).with_name("crowd.py")
LOOKS = 20


def picture(reader: RunReader, rounds: int) -> tuple[float, float, int]:
    """(seconds, of them of the processor, threads) of the best picture."""
    best = (float("inf"), 0.0, 0)
    for _ in range(rounds):
        began, used = perf_counter(), process_time()
        found = take(reader.refresh())
        proof = prove(found)
        best = min(best, (perf_counter() - began, process_time() - used, len(found.waits)))
        assert not proof.dead
    return best


def why(pid: int, rounds: int) -> float:
    """Seconds of the best `mpdebug why`, from its start to its end."""
    best = float("inf")
    for _ in range(rounds):
        began = perf_counter()
        words = [sys.executable, "-m", "mpdebug", "why", str(pid)]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
        best = min(best, perf_counter() - began)
    return best


def gate(reader: RunReader) -> tuple[float, float]:
    """(share of a core, period in seconds) of the gate on processes that stand."""
    processes = reader.refresh().processes
    one = Gate()
    one.look(processes, 0)
    began, periods = process_time(), 0.0
    for at in range(LOOKS):
        one.look(processes, at)
        periods += one.period
    return (process_time() - began) / periods, periods / LOOKS


def crowd(count: int, state: str, rounds: int, *, of_gate: bool) -> tuple[float, ...]:
    """Measure on so many idle processes under mpdebug."""
    words = [sys.executable, "-m", "mpdebug", str(CROWD), "idle", str(count)]
    env = {**os.environ, "XDG_STATE_HOME": state}
    with subprocess.Popen(
        words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as it:
        assert it.stdin
        assert it.stdout
        it.stdout.readline()
        reader = RunReader(find_run(str(it.pid)), scan=True)
        while sum(one.alive for one in reader.refresh().processes) < count + 1:
            pass
        try:
            if of_gate:
                return gate(reader)
            return *picture(reader, rounds), why(it.pid, rounds)
        finally:
            it.stdin.write("\n")
            it.stdin.close()
            it.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        seconds, used, threads, asked = crowd(args.processes, state, args.rounds, of_gate=False)
        share, period = crowd(2 * args.processes, state, args.rounds, of_gate=True)
    print(f"picture and proof of {threads} threads: {seconds:.2f} s ({used:.2f} s of cpu)")
    print(f"mpdebug why of these {args.processes} processes: {asked:.2f} s")
    count = 2 * args.processes
    print(f"gate on {count} idle processes: {share:.2%} of a core, every {period:.1f} s")
    print(f"aims: under {AIM:g} s, under {AIM_GATE:.0%}")
    sys.exit(max(seconds, asked) > AIM or share > AIM_GATE)


if __name__ == "__main__":
    main()
