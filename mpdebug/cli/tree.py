"""Show who exists, who started whom, what each process is doing, and at what cost.

Without RUN: the newest living run, else the newest kept one. RUN is an id, a path, `last`, or
the pid of any process: one that is not under mpdebug is shown with all below it, as far as the
system tells.

  mpdebug tree
  mpdebug tree --watch
  mpdebug tree k7f2 --sort memory --memory pss
  mpdebug tree --json | jq -r 'select(.state.kind == "waits") | .process'

Processes that have ended stay; where many ended well and alike they are one row, with --all
each has its own. RSS counts shared pages in every process that has them, PSS shares them out,
so that the sum is true, but costs up to 4 ms a process; USS is what a process has alone.

With --watch the picture is drawn anew until the run ends; keys: ? tells them. Where stdout is
no terminal the pictures follow each other as text.

With --json each process is an object in a line: run, time (epoch seconds), process, pid,
parent (pid, 0: nobody of the run), key, role, method, observed, reason, alive, state {text,
kind: running, waits, idle, stopped, halted, zombie, bad, ended, unknown}, task {call, args,
phase, seconds} or null, cpu (% of a core), rss, uss, pss (bytes), threads, descriptors (null
where not known), children (that live), age (seconds), argv, record (the last) or null.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from mpdebug.cli import full_screen, terminal, values
from mpdebug.cli.look import Look, look_twice
from mpdebug.cli.tree_watch import Watch
from mpdebug.diagnosis.tree import SORTS
from mpdebug.views import plain
from mpdebug.views.tree import lived, tree

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from mpdebug.model import Tree, TreeRow

HELP = __doc__ or ""

SHORTEST = 0.1
"""Seconds between two pictures at least."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mpdebug tree`."""
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="id, path, `last`, or a pid")
    add("--watch", action="store_true", help="draw it anew until the run ends")
    add("--interval", metavar="SECONDS", default="1", help="between two pictures (1)")
    add("--sort", choices=SORTS, default="age", help="processes of one parent by this (age)")
    add("--memory", choices=("rss", "uss", "pss"), default="rss", help="which is shown (rss)")
    add("--all", action="store_true", help="also those that ended well, one by one")
    add("--json", action="store_true", help="one JSON object a line")


def main(args: argparse.Namespace) -> int:
    """Print the tree of a run. Status 0.

    Raises:
        MpdebugError: there is no such run, it cannot be read, or SECONDS is no number.
    """
    interval = max(float(values.seconds(args.interval, "--interval")), SHORTEST)
    screen = terminal.stdout()
    if not args.watch:
        look = look_twice(args.run, args.memory)
        _write(screen, look.tree(sort=args.sort, unfolded=args.all or args.json), args)
        return 0
    if not args.json and full_screen.is_possible():
        look = Look(args.run, args.memory)
        Watch(look, interval, args.sort, unfolded=args.all).run()
        return 0
    for at, one in enumerate(pictures(Look(args.run, args.memory), interval, args)):
        if screen.broken:
            break
        if not args.json:
            screen.write(("\n" if at else "") + plain.clock(one.at) + "\n")
        _write(screen, one, args)
    return 0


def pictures(look: Look, interval: float, args: argparse.Namespace) -> Iterator[Tree]:
    """A tree now, and again after each interval; the last is that of the run at its end."""
    while True:
        alive = look.look().alive
        yield look.tree(sort=args.sort, unfolded=args.all or args.json)
        if not alive:
            return
        time.sleep(interval)


def _write(screen: terminal.Terminal, one: Tree, args: argparse.Namespace) -> None:
    if args.json:
        for row in one.rows:
            sys.stdout.write(json.dumps(as_json(one, row), default=str) + "\n")
        sys.stdout.flush()
    else:
        screen.write(tree(one))


def as_json(one: Tree, row: TreeRow) -> dict[str, object]:
    """A process as the object of `--json`."""
    process, sample, task = row.process, row.sample, row.process.task
    parents = {each.key: each.pid for each in one.run.processes}
    known = sample is not None and sample.threads >= 0
    return {
        "run": one.run.id,
        "time": round(one.at, 6),
        "process": process.name,
        "pid": process.pid,
        "parent": parents.get(process.parent, 0),
        "key": process.key,
        "role": process.role,
        "method": process.method,
        "observed": process.observed,
        "reason": process.reason,
        "alive": process.alive,
        "state": {"text": row.state.text, "kind": row.state.kind},
        "task": {
            "call": task.call,
            "args": task.args,
            "phase": task.phase,
            "seconds": round((one.mono - task.since) / 1e9, 3),
        }
        if task
        else None,
        "cpu": round(sample.cpu, 1) if sample and sample.cpu is not None else None,
        **{
            name: getattr(sample, name) if known and getattr(sample, name) >= 0 else None
            for name in ("rss", "uss", "pss", "threads", "descriptors")
        },
        "children": row.children,
        "age": round(lived(process, one.mono) / 1e9, 3),
        "argv": process.argv,
        "record": row.record,
    }
