"""A stop that nobody waits for: what a person would have looked at, as one log record."""

from __future__ import annotations

import os
import sys

from mpdebug.agent import encode, guard, logs, others, stop_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

    from mpdebug.agent.process import Agent

AROUND = 3
"""Lines of source before and behind the place."""

told = 0
"""The process that has said on stderr where its reports are."""

REASON = "nobody is there to ask (--wait SECONDS waits for mpdebug attach)"


def write(
    here: Agent,
    facts: dict[str, Any],
    frame: FrameType | None,
    traceback: TracebackType | None,
    reason: str = REASON,
) -> None:
    """Write the place, its locals, its stack and the stacks of the other processes.

    Where nobody supervises the run, nobody prints records: then stderr is told, once.
    """
    global told  # noqa: PLW0603
    with guard.quiet:
        place = f"{os.path.basename(facts['file'])}:{facts['line']} in {facts['function']}"
        raised = facts.get("exception")
        said = f" {raised['type']}: {raised['message']}" if raised else ""
        event = f"stopped at {place}{said} and went on: {reason}"
        parts = [facts["header"], *_source(facts), "", *_locals(facts), "", "stack:"]
        parts += _stack(frame, traceback)
        with guard.quiet:
            parts += others.stacks(here)
        text = "\n".join(part for part in parts if part is not None).strip("\n")
        put(here, event, text, facts)
        if not (here.settings.supervisor or told == here.pid):
            told = here.pid
            name = here.who["name"] or here.who["role"]
            run = os.path.basename(here.settings.run)
            stop_facts.say(
                f"mpdebug: {name} (pid {here.pid}) {event}\n"
                f"  what was there: {sys.executable} -m mpdebug logs {run}\n"
            )


def put(here: Agent, event: str, text: str, facts: dict[str, Any]) -> None:
    """Write one record of ours about a stop."""
    file, line = encode.quote(facts["file"]), facts["line"]
    record = (
        f'{logs.head(here)},"level":"WARNING","logger":"mpdebug","event":{encode.quote(event)}'
        f',"file":{file},"line":{line},"function":{encode.quote(facts["function"])}'
        f',"stack":{encode.quote(text)}}}\n'
    )
    logs.queue.put_nowait(record.encode())


def _source(facts: dict[str, Any]) -> list[str]:
    import linecache  # noqa: PLC0415 - when a stop is reported

    here = int(facts["line"])
    found = []
    for number in range(max(1, here - AROUND), here + AROUND + 1):
        text = linecache.getline(facts["file"], number).rstrip()
        if text or number == here:
            found.append(f"{'->' if number == here else '  '} {number:>4}  {text}")
    return found


def _locals(facts: dict[str, Any]) -> list[str]:
    return [f"{name} = {value}" for name, value in facts["locals"].items()]


def _stack(frame: FrameType | None, traceback: TracebackType | None) -> list[str]:
    from traceback import extract_stack, extract_tb, format_list  # noqa: PLC0415 - see above

    entries = extract_stack(frame) if frame is not None else extract_tb(traceback)
    ours = [entry for entry in entries if not entry.filename.startswith(guard.OURS)]
    return "".join(format_list(ours[-30:])).rstrip().split("\n")
