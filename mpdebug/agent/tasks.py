"""The task in hand of a Pool or executor worker, kept where SIGKILL leaves it: in `state`."""

from __future__ import annotations

import os

from mpdebug.agent import guard, process
from mpdebug.agent.clock import Clock
from mpdebug.agent.encode import quote
from mpdebug.rundir import layout, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ARGS_ROOM = 160
BRACKETS = {"tuple": "()", "list": "[]"}
SHOWN = 4
DEPTH = 2
TEXT_ROOM = 60
PLAIN = frozenset({int, float, bool, type(None), complex})

writer: state.StateWriter | None = None
broken = False


def begin(call: Any, args: Any, kwargs: Any, owner: str, job: int) -> None:
    """This process begins a task. Costs about 3 µs; never raises because of the arguments."""
    with guard.quiet:
        page = writer or open_page()
        if page is not None:
            name, said = quote(call_name(call)), quote(describe_args(args, kwargs))
            text = f'{{"call":{name},"args":{said},"owner":"{owner}","job":{job}}}'
            page.task(text.encode(), Clock.mono())


def phase(value: int) -> None:
    """The task goes on to another phase, or (state.IDLE) is done."""
    if writer is not None:
        with guard.quiet:
            writer.phase(value)


def open_page(size: int = state.SIZE) -> state.StateWriter | None:
    """Make the file `state`, with blocks for so many bytes; None where that cannot be."""
    global writer, broken  # noqa: PLW0603
    if broken or process.here is None:
        return None
    try:
        writer = state.StateWriter(os.path.join(process.here.path, layout.STATE), size)
    except (OSError, ValueError) as error:  # disk full: go without, and say so
        if guard.is_from_outside(error):
            raise
        broken = True
        process.here.event(layout.EV_NOTE, text=f"tasks and locks are not kept: {error}")
    return writer


def forget() -> None:
    """A forked child drops its parent's page."""
    global writer, broken
    writer, broken = None, False


process.on_fork.append(forget)


def call_name(call: Any) -> str:
    """The name a person would call the function by; looks through partial and bound methods."""
    for _ in range(4):
        name = getattr(call, "__qualname__", None)
        if type(name) is str:
            module = getattr(call, "__module__", None)
            plain = module in ("__main__", "__mp_main__", None, "builtins")
            return (name if plain else f"{module}.{name}")[:200]
        inner = getattr(call, "func", None)
        if inner is None:
            break
        call = inner
    return type(call).__qualname__[:200]


def describe_args(args: Any, kwargs: Any) -> str:
    """The arguments, bounded. Only plain values are shown: a foreign `__repr__` may be slow."""
    parts = [describe(value) for value in list(args)[:8]]
    parts += [f"{key}={describe(value)}" for key, value in list(kwargs.items())[:8]]
    text = ", ".join(parts)
    return text if len(text) <= ARGS_ROOM else text[: ARGS_ROOM - 1] + "…"


def describe(value: Any, depth: int = 0) -> str:
    """One argument: plain values as they are, of containers the first items, else the type."""
    kind = type(value)
    if kind in PLAIN:
        return repr(value)[:TEXT_ROOM]
    if kind is str or kind is bytes:
        return repr(value[:TEXT_ROOM]) + ("…" if len(value) > TEXT_ROOM else "")
    if depth < DEPTH and kind in (tuple, list, set, frozenset, dict):
        some = [item for item, _ in zip(value, range(SHOWN), strict=False)]
        if kind is dict:
            parts = [
                f"{describe(key, DEPTH)}: {describe(value[key], depth + 1)}" for key in some
            ]
        else:
            parts = [describe(item, depth + 1) for item in some]
        more = ", …" if len(value) > SHOWN else ""
        brackets = BRACKETS.get(kind.__name__, "{}")
        return f"{brackets[0]}{', '.join(parts)}{more}{brackets[1]}"
    return f"<{kind.__qualname__}>"
