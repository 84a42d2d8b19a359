"""Many processes: what is missing, and what it costs: `python tests/benchmarks/bench_scale.py`.

Busy: processes that start, log ten lines and end; each must be in the run, with each line.
Idle: waiting processes; the supervisor's share of a core, and how often they woke up.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CROWD = str(Path(__file__).with_name("crowd.py"))
LINES = 10
TICK = os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    """The most memory that the process had at once so far, in MB; 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def busy(count: int, folder: Path) -> None:
    """Start the crowd plainly and under us, and look for what is missing."""
    began = time.perf_counter()
    subprocess.run([sys.executable, CROWD, "busy", str(count)], check=True)
    plain = time.perf_counter() - began
    run = folder / "busy"
    words = ["-m", "mpdebug", "--run-dir", str(run), CROWD, "busy", str(count)]
    began, peak = time.perf_counter(), 0.0
    supervisor = subprocess.Popen([sys.executable, *words], stderr=subprocess.DEVNULL)
    while supervisor.poll() is None:
        peak = max(peak, peak_mb(supervisor.pid))
        time.sleep(0.05)
    ours = time.perf_counter() - began
    folders = list((run / "p").iterdir())
    records = sum(
        path.read_bytes().count(b"\n")
        for each in folders
        if (path := each / "records.jsonl").exists()
    )
    print(f"{count} processes that log {LINES} lines and end")
    print(f"    plain {plain:.2f} s, ours {ours:.2f} s: {ours / plain:.2f} ×")
    print(f"    processes missing: {count + 1 - len(folders):>6}   aim: 0")
    print(f"    records missing:   {count * LINES - records:>6}   aim: 0")
    print(f"    supervisor's peak: {peak:6.1f} MB   aim: under 100 MB")


def cpu(pid: int) -> float:
    """Seconds of processor time that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def wakeups(pids: list[int]) -> int:
    """How often all threads of these processes went to sleep and woke up again."""
    total = 0
    for pid in pids:
        for path in Path(f"/proc/{pid}/task").glob("*/status"):
            for line in path.read_text().splitlines():
                if line.startswith("voluntary_ctxt"):
                    total += int(line.split()[1])
    return total


def idle(count: int, seconds: float, options: list[str]) -> tuple[float, int]:
    """The started process's share of a core in percent, and the wake-ups of the crowd."""
    started = subprocess.Popen(
        [sys.executable, *options, CROWD, "idle", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout
    pids = [int(word) for word in started.stdout.readline().split()]
    time.sleep(2)  # until what has to do with starting them is over
    used, woken = cpu(started.pid), wakeups(pids)
    time.sleep(seconds)
    used, woken = cpu(started.pid) - used, wakeups(pids) - woken
    started.communicate("\n")
    return 100 * used / seconds, woken


def main() -> None:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busy", type=int, default=1000, help="processes that log and end")
    parser.add_argument("--idle", type=int, default=200, help="processes that wait")
    parser.add_argument("--seconds", type=float, default=10, help="how long to look at them")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        busy(args.busy, Path(name))
        _, plain = idle(args.idle, args.seconds, [])
        share, ours = idle(args.idle, args.seconds, ["-m", "mpdebug"])
    print(f"{args.idle} idle processes for {args.seconds:g} s")
    print(f"    supervisor: {share:.2f}% of a core   aim: under 1%")
    print(f"    wake-ups of the processes: plain {plain}, ours {ours}   aim: the same")


if __name__ == "__main__":
    main()
