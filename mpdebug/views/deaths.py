"""Deaths on the screen: the short notice of the running terminal, and the full report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.text import Text

from mpdebug.model import Death, Frame, Process
from mpdebug.views import plain
from mpdebug.views.hanging import Hanging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

HEADS = {
    "signal": "was {cause}",
    "oom": "was {cause}",
    "terminated": "was {cause}",
    "exception": "died of {cause}",
    "startup": "died before reaching its target: {cause}",
}
"""How the sentence goes on after the name; any other kind begins with its cause."""

NUMBERS = (
    ("was ", "were "),
    ("died before reaching its ", "died before reaching their "),
    ("still runs ", "still run "),
)
"""How a sentence begins, of one and of several."""

BAD, MEANT, CURE, LABEL = "bold red", "yellow", "green", "dim"
NAMES = 4
OURS = "mpdebug:"
C_STACK = "C stack trace (most recent call first):"
C_LINES = 12


def who(process: Process) -> str:
    """`ForkPoolWorker-2 (pid 7442)`."""
    return f"{plain.line(process.name or 'a process')} (pid {process.pid})"


def sentence(death: Death) -> str:
    """What happened, after the name: `was killed by SIGKILL`."""
    return HEADS.get(death.kind, "{cause}").format(cause=plain.line(death.cause))


def notice(death: Death) -> RenderableType:
    """A death in a few lines, for the running terminal."""
    return Group(_line(_head(death)), *_details(death.detail))


def more(deaths: Sequence[Death]) -> RenderableType:
    """One line for those that died like others which were told already."""
    names = ", ".join(plain.line(death.process.name) for death in deaths[:NAMES])
    if len(deaths) > NAMES:
        names += ", …"
    said = f"{len(deaths)} more {_of_many(deaths)} "
    return _line(Text.assemble((said, BAD), (f"({names})", LABEL)))


def _of_many(deaths: Sequence[Death]) -> str:
    """The same of several: `were killed by SIGKILL`."""
    said = sentence(deaths[0])
    if len(deaths) > 1:
        for one, many in NUMBERS:
            said = said.replace(one, many, 1) if said.startswith(one) else said
    return said


def summary(deaths: Sequence[Death], processes: int) -> str:
    """One line about a whole run: `1 of 9 processes died (ForkPoolWorker-2: SIGKILL)`."""
    orphans = [death for death in deaths if death.kind == "orphan"]
    died = [death for death in deaths if death.kind != "orphan"]
    parts = []
    if died:
        named = died if len(died) <= NAMES else died[: NAMES - 1]
        said = [f"{plain.line(one.process.name)}: {_word(one)}" for one in named]
        if len(named) < len(died):
            said.append(f"{len(died) - len(named)} more")
        of = f"of {processes} processes" if processes != 1 else "of 1 process"
        parts.append(f"{len(died)} {of} died ({', '.join(said)})")
    if orphans:
        pids = ", ".join(str(one.process.pid) for one in orphans[:NAMES])
        more_pids = ", …" if len(orphans) > NAMES else ""
        still = "process still runs" if len(orphans) == 1 else "processes still run"
        parts.append(f"{len(orphans)} {still} (pid {pids}{more_pids})")
    return "; ".join(parts)


def _word(death: Death) -> str:
    """The cause in one or two words."""
    cause = plain.line(death.cause)
    if death.kind == "signal":
        return cause.removeprefix("killed by ").partition(" (")[0]
    if death.kind == "oom":
        return "out of memory"
    if death.kind in ("exception", "startup"):
        return cause.partition(":")[0].rpartition(".")[2]
    return cause.removeprefix("ended by ").removeprefix("ended with ")


def report(
    deaths: Sequence[Death], *, at: float, extra: Sequence[Frame] | None = None
) -> RenderableType:
    """Everything about one death, or about several that are equal but for who died.

    Args:
        deaths: equal deaths; the first is shown.
        at: when it happened, in epoch seconds.
        extra: its stack with source lines, where those were found.
    """
    first = deaths[0]
    head = _head(first)
    if len(deaths) > 1:
        head.append(f"  ×{len(deaths)}", BAD)
    clock = plain.clock(at)
    parts: list[RenderableType] = [Hanging(Text(clock, LABEL), head, len(clock) + 2, 0)]
    if len(deaths) > 1:
        parts += _details([("also", _others(deaths[1:]))])
    parts += _details(first.detail)
    parts += _stack(first, tuple(extra or first.frames))
    parts += _records(first.last_records)
    return Group(*parts, Text(""))


def _others(deaths: Sequence[Death]) -> str:
    names = ", ".join(death.process.name for death in deaths[:8])
    return names + (f", and {len(deaths) - 8} more" if len(deaths) > 8 else "")  # noqa: PLR2004


def _head(death: Death) -> Text:
    style = BAD if death.bad else MEANT
    return Text.assemble((who(death.process), "bold"), " ", (sentence(death), style))


def _line(text: Text) -> RenderableType:
    """A line of ours among those of the program."""
    return Hanging(Text(OURS, "bold"), text, len(OURS) + 1, 0)


def _details(details: Sequence[tuple[str, str]]) -> list[RenderableType]:
    width = max([11, *(len(label) for label, _ in details)]) + 4
    return [
        Hanging(
            Text(label, LABEL), Text(plain.line(text), CURE if label == "cure" else ""), width
        )
        for label, text in details
    ]


def _stack(death: Death, frames: tuple[Frame, ...]) -> list[RenderableType]:
    """The traceback as Python prints it; for a crash the Python stack, and the C stack."""
    if death.text and death.kind not in ("signal", "oom"):
        return [_section("traceback"), _indented(plain.block(death.text.rstrip()))]
    if not frames:
        return []
    parts: list[RenderableType] = [_section("stack (most recent call last)")]
    lines = Text()
    for frame in frames:
        lines.append(f"{plain.line(frame.file)}:{frame.line} in {plain.line(frame.function)}\n")
        if frame.source:
            lines.append(f"    {plain.line(frame.source)}\n", "bold")
    lines.rstrip()
    parts.append(_indented(lines))
    _, found, c_lines = death.text.partition(C_STACK)
    if found:
        rows = [row.strip() for row in c_lines.splitlines() if row.startswith("  ")]
        shown = "\n".join(rows[:C_LINES])
        left = len(rows) - C_LINES
        if left > 0:
            shown += f"\n… {left} more"
        parts += [_section("C stack (most recent call first)"), _indented(plain.block(shown))]
    return parts


def _records(records: Sequence[dict[str, Any]]) -> list[RenderableType]:
    if not records:
        return []
    lines = Text()
    for record in records:
        when = record.get("time")
        stamp = plain.clock(when) if isinstance(when, float | int) else ""
        level = plain.line(str(record.get("level", ""))).upper()
        keys = record.get("keys")
        pairs = [f"{k}={v}" for k, v in keys.items()] if isinstance(keys, dict) else []
        said = " ".join([str(record.get("event", "")), *pairs])
        lines.append(f"{stamp}  {level:<8} ", LABEL)
        lines.append(_bounded(plain.line(said)) + "\n")
    lines.rstrip()
    return [_section("its last records"), _indented(lines)]


def _bounded(text: str, room: int = 300) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _section(title: str) -> RenderableType:
    return Text(f"  {title}", LABEL)


def _indented(text: str | Text) -> RenderableType:
    return Hanging(Text(""), Text(text) if isinstance(text, str) else text, 4)


def sample() -> list[Death]:
    """Deaths to look at and to test with."""
    worker = Process(
        key="7442-1-0",
        pid=7442,
        start=1,
        ppid=7440,
        name="ForkPoolWorker-2",
        role="pool worker",
    )
    saver = Process(
        key="7450-1-0", pid=7450, start=1, ppid=7440, name="saver", role="worker", alive=True
    )
    waits = "Pool never re-runs a lost task: Pool.map at app.py:9 waits for ever"
    return [
        Death(
            process=worker,
            mono=1,
            cause="killed by SIGSEGV (invalid memory access)",
            kind="signal",
            bad=True,
            detail=(
                ("at", "app.py:4 in work, in its call of ctypes/__init__.py:519 in string_at"),
                ("was running", "work(3), submitted by Pool.map at app.py:9"),
                ("so", waits),
            ),
            frames=(
                Frame("/home/me/app.py", 4, "work", "ctypes.string_at(0)"),
                Frame("/usr/lib/python3.13/ctypes/__init__.py", 519, "string_at"),
            ),
            last_records=(
                {"time": 1.0e9, "level": "info", "event": "read rows", "keys": {"rows": 3}},
            ),
        ),
        Death(
            process=saver,
            mono=2,
            cause="still runs after the end of the main process",
            kind="orphan",
            bad=True,
            detail=(("cure", "end it: kill 7450"),),
        ),
    ]


if __name__ == "__main__":
    screen = Console()
    for one in sample():
        screen.print(notice(one))
    screen.print(summary(sample(), 9))
    screen.rule()
    for one in sample():
        screen.print(report([one], at=1.0e9))
