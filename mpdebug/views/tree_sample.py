"""A made-up tree, to look at and to test with: one process in each state."""

from __future__ import annotations

from typing import Any

from mpdebug.model import Ended, Process, Run, Sample, State, Task, Tree, TreeRow

SECOND = 1_000_000_000
NOW = 21 * SECOND
POOL = "pool worker"

# guide, name, pid, role, (state, its kind), (cpu %, MB, threads), of the process, of the row
ROWS: tuple[tuple[Any, ...], ...] = (
    ("", "MainProcess", 7440, "main", ("waits for a thread", "waits"), (2, 38, 4),
     {"method": "exec", "parent": ""}, {"children": 5, "record": {"event": "8 files to go"}}),
    ("├─", "ForkPoolWorker-1", 7441, POOL, ("running", "running"), (99, 121, 1),
     {"task": Task("crunch", "3, 'b.csv'", "running", 18 * SECOND)},
     {"record": {"event": "b.csv: 20%"}}),
    ("├─", "ForkPoolWorker-2", 7442, POOL, ("waits for an mp lock", "waits"), (0, 36, 1),
     {"task": Task("transfer", "'a', 'b'", "running", 6 * SECOND)}, {}),
    ("├─", "ForkPoolWorker-3", 7443, POOL, ("idle: waits for work", "idle"), (0, 31, 1),
     {}, {}),
    ("├─", "ForkPoolWorker-4", 7444, POOL, ("killed by SIGKILL", "bad"), None,
     {"ended": Ended(9 * SECOND, -9)}, {}),
    ("├─", "loader", 7450, "worker", ("stopped at load.py:7", "stopped"), (0, 33, 1), {},
     {"children": 1}),
    ("│ └─", "git", 7460, "subprocess", ("sleeping, not observed: not Python (git)", "waits"),
     (1, 4, 1), {"method": "exec", "parent": "7450", "observed": False}, {}),
    ("└─", "Process-1..96", 7470, "worker", ("exited 0", "ended"), None,
     {"ended": Ended(2 * SECOND, 0)}, {"count": 96}),
)  # fmt: skip


def sample() -> Tree:
    """A tree of ten or so processes, at one moment."""
    rows = tuple(_row(one) for one in ROWS)
    processes = tuple(row.process for row in rows)
    run = Run("/home/me/runs/k7f2", "k7f2", ("python", "app.py"), 1.0e9, True, processes)
    samples = tuple(row.sample for row in rows if row.sample)
    return Tree(run, rows, NOW, 1.0e9 + 20, samples=samples)


def _row(line: tuple[Any, ...]) -> TreeRow:
    guide, name, pid, role, state, cost, of_process, of_row = line
    given = {"method": "fork", "parent": "7440", "mono": SECOND, **of_process}
    process = Process(str(pid), pid, 1, 1, name, role, alive=cost is not None, **given)
    seen = None
    if cost is not None:
        cpu, rss, threads = cost
        seen = Sample("sleeping", NOW, cpu, rss * 10**6, threads=threads, descriptors=8)
    return TreeRow(process, State(*state), name, len(guide) // 2, guide, seen, **of_row)
