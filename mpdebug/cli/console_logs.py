"""The program's logs go on above the prompt of another terminal."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpdebug.cli.console_roles import Terminal
    from mpdebug.observer.records import RecordListener

PAUSE = 0.2
"""Seconds before we load what draws records: the prompt comes first."""


@contextmanager
def shown_above(path: str, screen: Terminal) -> Iterator[None]:
    """Show the records of a run that come from now on, as long as this lasts."""
    over = threading.Event()
    since = time.time()
    found: list[RecordListener] = []

    def listen() -> None:
        if over.wait(PAUSE):
            return
        found.append(_listener(path, screen, since))
        found[0].run(until=over.is_set)

    thread = threading.Thread(target=listen, name="mpdebug-records", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        if found:
            found[0].abandon()


def _listener(path: str, screen: Terminal, since: float) -> RecordListener:
    from mpdebug.cli.logs import Chosen  # noqa: PLC0415 - once the prompt stands
    from mpdebug.observer.records import RecordListener  # noqa: PLC0415
    from mpdebug.observer.terminal import TerminalHandler  # noqa: PLC0415
    from mpdebug.views.records import RecordView  # noqa: PLC0415

    view = RecordView(colour=screen.colour, width=screen.width)
    shown = TerminalHandler(screen.above, view.line, logs="all")
    return RecordListener(path, Chosen(shown, [], "", since), follow=True)
