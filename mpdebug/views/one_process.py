"""One process with all that was read of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from mpdebug.model import Descriptor, Detail, Process
from mpdebug.views import bounded, colours, plain
from mpdebug.views.tree import STYLES, age, lived, percent, role, size, task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mpdebug.model import Tree

DIM = "dim"
WIDTH = 15  # columns of the labels
ROOM = 400


def details(
    detail: Detail,
    tree: Tree,
    width: int,
    stack: Sequence[Text] = (),
    peers: Mapping[int, str] | None = None,
) -> list[Text]:
    """The lines of an opened process, each at most so wide.

    Args:
        detail: what was read of it when it was opened.
        tree: as it is now: its state and what it costs.
        width: columns.
        stack: what it did when it was opened, as lines; else as it wrote them itself.
        peers: by descriptor: who else has the same open.
    """
    peers = peers or {}
    process = detail.process
    lines = [Text(plain.line(process.name), f"bold {colours.style_of(process.name)}")]
    lines[0].append(f"  pid {process.pid}  {role(process)}", DIM)
    lines += _now(process, tree)
    rows: list[tuple[str, str | Text]] = [("command", " ".join(detail.argv))]
    if process.started_where:
        rows.append(("started at", process.started_where))
    if process.python:
        rows.append(("python", f"{process.python}  {process.executable}"))
    rows += [("not observed", process.reason)] if process.reason else []
    rows += [("environment", _variable(*one)) for one in detail.environ]
    rows += [("last records", _record(one)) for one in detail.records]
    rows += [("stack", line) for line in stack or detail.stack.splitlines()]
    rows += [
        ("descriptors", _descriptor(one, peers.get(one.number, "")))
        for one in detail.descriptors
    ]
    rows += [("memory", f"{size(amount):>7}  {what}") for what, amount in detail.maps]
    rows += [(what, f"not known: {why}") for what, why in detail.unknown]
    above = ""
    for label, text in rows:
        lines.append(_labelled("" if label == above else label, text))
        above = label
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _now(process: Process, tree: Tree) -> list[Text]:
    """Its state and its cost, as they are now; nothing if it is in a folded row."""
    row = next((one for one in tree.rows if one.process.key == process.key), None)
    if row is None or row.count > 1:
        return []
    now, sample = row.process, row.sample
    found = [_labelled("state", row.state.text, STYLES.get(row.state.kind, ""))]
    if said := task(now, tree.mono):
        found.append(_labelled("task", said, "bold"))
    if sample is not None and sample.threads >= 0:
        parts = [f"cpu {percent(sample.cpu)}", f"rss {size(sample.rss)}"]
        parts += [f"{name} {size(amount)}" for name in ("uss", "pss")
                  if (amount := getattr(sample, name)) >= 0]  # fmt: skip
        parts.append(f"{sample.threads} thread{'s' if sample.threads != 1 else ''}")
        found.append(_labelled("cost", ", ".join(parts)))
    if process.mono:
        word = "age" if now.alive else "lived"
        found.append(_labelled(word, age(lived(now, tree.mono))))
    return found


def _labelled(label: str, text: str | Text, style: str = "") -> Text:
    said = text if isinstance(text, Text) else Text(bounded.cut(plain.line(text), ROOM), style)
    return Text.assemble((f"  {label:<{WIDTH - 2}}", DIM), said, no_wrap=True)


def _descriptor(one: Descriptor, others: str) -> str:
    end = f" ({one.end})" if one.end else ""
    return f"{one.number:>4}  {one.what}{end}" + (f"  also {others}" if others else "")


def _variable(name: str, here: str | None, above: str | None) -> str:
    if here is None:
        return f"without {name}"
    return f"{name}={here}" + (f"  (its parent: {above})" if above is not None else "")


def _record(record: dict[str, object]) -> str:
    when = record.get("time")
    clock = plain.clock(float(when)) if isinstance(when, float | int) else ""
    return f"{clock} {record.get('level', '')} {record.get('event', '')}"


def sample() -> Detail:
    """A process to look at and to test with."""
    process = Process(
        "7441", 7441, 1, 1, "ForkPoolWorker-1", "pool worker", "fork", alive=True,
        started_where="/home/me/app.py:12", python="3.13.1", executable="/usr/bin/python3",
    )  # fmt: skip
    return Detail(
        process,
        ("python", "app.py"),
        (("OMP_NUM_THREADS", "1", None), ("HOME", "/tmp/x", "/home/me")),  # noqa: S108
        (
            Descriptor(0, "/dev/null"),
            Descriptor(5, "pipe:[81]", "reads", (("MainProcess", "writes"),)),
        ),
        (("[heap]", 80_000_000), ("/usr/lib/libpython3.13.so", 6_000_000)),
        ({"time": 1.0e9, "level": "info", "event": "b.csv: 20%"},),
        'Current thread 0x00007f (most recent call first):\n  File "app.py", line 4 in crunch',
        (("memory maps", "not permitted"),),
    )


if __name__ == "__main__":
    from mpdebug.views.tree_sample import sample as tree_sample

    console = Console()
    others = {5: "MainProcess (writes)"}
    for shown in details(sample(), tree_sample(), console.width, peers=others):
        console.print(shown)
