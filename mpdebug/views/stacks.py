"""Where everybody is: equal stacks once, with names, and what they share at the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

from mpdebug.model import Differing
from mpdebug.model_stacks import StackNode, StackTree, Step
from mpdebug.views import bounded, colours, plain
from mpdebug.views.clipped import Clipped

if TYPE_CHECKING:
    from rich.console import RenderableType

DIM = "dim"
STYLES = {
    "idle": "dim",
    "stuck": "bold red",
    "moves": "green",
    "stopped": "bold yellow",
    "waits": "yellow",
}
NAMES, PLACE, VALUE = 56, 28, 48
"""Columns of names before their middle is left out, of a path, and of the value of a local."""

LOCALS = 12
FEW = 3


def stacks(tree: StackTree, *, cwd: str, title: str = "") -> RenderableType:
    """The folded stacks of a run.

    Args:
        tree: from `diagnosis.stacks`.
        cwd: of the run: files below it are shown by their short path.
        title: what is looked at: the run.
    """
    lines = []
    for node in tree.nodes:
        lines += [Text(), *_node(node, "", "", cwd)]
    if tree.silent:
        lines.append(Text())
    silent = [
        Text.assemble(_who(names), (f"  no stack: {plain.line(why)}", "red"))
        for why, names in tree.silent
    ]
    return Group(_summary(tree, title), Clipped(lines), *silent)


def _summary(tree: StackTree, title: str) -> Text:
    """`k7f2: 8 of 9 processes; 3 helper threads left out (--all-threads)`."""
    many = f"{tree.asked} process{'es' if tree.asked != 1 else ''}"
    if tree.answered < tree.asked:
        many = f"{tree.answered} of {many}"
    text = Text.assemble((f"{plain.line(title)}: " if title else "", "bold"), many)
    if tree.samples > 1:
        text.append(f", {tree.samples} samples")
    if tree.helpers:
        words = "thread" if tree.helpers == 1 else "threads"
        text.append(f"; {tree.helpers} helper {words} left out (--all-threads)", DIM)
    return text


def threads(tree: StackTree, cwd: str) -> list[Text]:
    """The threads of one process, each with its steps, below each other."""
    lines = []
    for node in tree.nodes:
        lines += _node(node, "", "", cwd)
    return lines


def _node(node: StackNode, guide: str, below: str, cwd: str) -> list[Text]:
    """The lines of a node: who, then the steps, then what comes below them.

    Args:
        node: what to draw.
        guide: what stands in front of its first line.
        below: in front of the others.
        cwd: of the run.
    """
    head = Text.assemble((guide, DIM), (f"{len(node.who)}", "bold"), "  ", _who(node.names))
    if node.state:
        head.append(f"  {plain.line(node.state)}", STYLES.get(node.kind, ""))
    lines = [head]
    inner = below + ("│ " if node.children else "  ")
    last = max((at for at, step in enumerate(node.steps) if step.own), default=-1)
    for at, step in enumerate(node.steps):
        lines.append(Text.assemble((inner, DIM), _step(step, cwd)))
        if at == last:
            lines += [Text.assemble((inner, DIM), one) for one in _locals(node)]
    for at, child in enumerate(node.children):
        branch, beside = ("└─ ", "   ") if at == len(node.children) - 1 else ("├─ ", "│  ")
        lines += _node(child, below + branch, below + beside, cwd)
    return lines


def _who(names: str) -> Text:
    text = plain.line(names)
    return Text(bounded.squeeze(text, NAMES), colours.style_of(text))


def _step(step: Step, cwd: str) -> Text:
    """`crunch  app.py:31  total += step(n)`; a library's call in few words."""
    if not step.line:
        return Text(plain.line(step.label), DIM)
    place = f"{short(step.file, cwd)}:{step.line}"
    if step.last > step.line:
        place += f"..{step.last}"
    if not step.own:
        return Text(plain.line(f"{step.label}  {place}"), DIM)
    return Text.assemble(
        (plain.line(step.label), "bold"),
        f"  {plain.line(place)}",
        (f"  {plain.line(step.source)}" if step.source else "", "cyan"),
    )


def _locals(node: StackNode) -> list[Text]:
    """`i = 2`, and where it differs `rows = 7 ×6 · 3 Worker-8`."""
    lines = []
    for one in node.locals[:LOCALS]:
        text = Text.assemble("    ", (plain.line(one.name), "italic"), " = ")
        lines.append(text.append_text(_values(one)))
    if len(node.locals) > LOCALS:
        lines.append(Text(f"    … {len(node.locals) - LOCALS} more", DIM))
    return lines


def _values(one: Differing) -> Text:
    text = Text()
    if len(one.values) == 1:
        return text.append(bounded.cut(plain.line(one.values[0][0]), 10 * VALUE))
    for at, (value, who) in enumerate(one.values[:FEW]):
        whose = f"×{len(who)}" if len(who) > 1 else plain.line(who[0])
        text.append(" · " if at else "", DIM)
        text.append(bounded.squeeze(plain.line(value), VALUE)).append(f" {whose}", DIM)
    if len(one.values) > FEW:
        text.append(f" · {len(one.values) - FEW} more values", DIM)
    return text


def short(path: str, cwd: str) -> str:
    """A path without the working directory of the run, or without where Python is installed."""
    home = cwd.rstrip("/") + "/"
    if len(home) > 1 and path.startswith(home):
        return path[len(home) :]
    for mark in ("/site-packages/", "/dist-packages/"):
        if mark in path:
            return path.rpartition(mark)[2]
    words = path.split("/")
    while len(words) > 1 and sum(map(len, words)) + len(words) > PLACE:
        del words[0]
    text = "/".join(words)
    return text if text == path else f"…/{text}"


def sample() -> StackTree:
    """Stacks to look at and to test with."""

    def call(label: str) -> Step:
        return Step(label, own=False)

    def line(label: str, number: int, source: str) -> Step:
        return Step(label, True, "/home/me/app.py", number, number, source)

    workers = tuple(f"ForkPoolWorker-{n}" for n in range(1, 9))
    waits = StackNode(
        (call("SimpleQueue.get"),), workers[2:], "ForkPoolWorker-3..8",
        state="idle: waits for work", kind="idle",
    )  # fmt: skip
    stuck = StackNode(
        (line("task", 12, "with cache_lock:"), call("SemLock.__enter__")), workers[1:2],
        workers[1], state="stuck: the same in all 5 samples, waits for an mp lock",
        kind="stuck", locals=(Differing("kind", (("'want_lock'", workers[1:2]),)),),
    )  # fmt: skip
    moves = StackNode(
        (Step("crunch", True, "/home/me/app.py", 31, 34),), workers[:1], workers[0],
        state="moves: 4 places in 5 samples", kind="moves",
    )  # fmt: skip
    pool = StackNode(
        (call("pool.worker"),), workers, "ForkPoolWorker-1..8", (stuck, moves, waits)
    )
    main = StackNode(
        (
            line("<module>", 40, "main()"),
            line("main", 21, "pool.map(task, kinds)"),
            call("Pool.map"),
        ),
        ("MainProcess",), "MainProcess", state="waits for a thread", kind="waits",
    )  # fmt: skip
    silent = (("zombie: it has ended, and its parent has not waited for it", "Process-9"),)
    return StackTree((pool, main), 10, 9, 3, silent, samples=5)


if __name__ == "__main__":
    console = Console()
    console.print(stacks(sample(), cwd="/home/me", title="k7f2"))
