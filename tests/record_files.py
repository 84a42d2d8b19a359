"""Run folders whose record files a test writes line by line, in place of real processes."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from mpdebug.rundir import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mpdebug.observer.who import Who

BEGAN = 1_732_305_600.0
SECOND = 1_000_000_000


def record(mono: int, n: int | None, event: str, /, **keys: Any) -> bytes:
    """A record's line with its newline; `time` follows `mono`."""
    number = "" if n is None else f',"n":{n}'
    said = {"level": "INFO", "logger": "app", "event": event, **keys}
    rest = json.dumps(said, separators=(",", ":"))[1:]
    stamp = f"{BEGAN + mono / SECOND:017.6f}"
    return f'{{"time":{stamp},"mono":{mono}{number},{rest}\n'.encode()


class Writer:
    """One process's folder, and what it writes there."""

    def __init__(self, run: Path, pid: int, name: str, *, start: int = 7, n: int = 0) -> None:
        self.key = layout.folder_name(pid, start, n)
        self.folder = run / layout.PROCESSES / self.key
        self.folder.mkdir(parents=True)
        self.pid = pid
        self.count = 0
        self.who(name)

    def who(self, name: str, **more: Any) -> None:
        """Replace process.json."""
        new = self.folder / "process.json.new"
        new.write_text(json.dumps({"name": name, "role": "worker", "pid": self.pid, **more}))
        new.rename(self.folder / layout.PROCESS)

    def log(self, event: str, mono: int | None = None, /, **keys: Any) -> None:
        """Append a record, by default of now."""
        self.raw(
            record(time.monotonic_ns() if mono is None else mono, self.count, event, **keys)
        )
        self.count += 1

    def raw(self, data: bytes, name: str = layout.RECORDS) -> None:
        """Append bytes to one of the folder's files."""
        fd = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)


class Heard(logging.Handler):
    """A handler that keeps what it gets, and can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[bytes, Who]] = []
        self._came = threading.Condition(threading.RLock())

    def emit_line(self, line: bytes, who: Who) -> None:
        with self._came:
            self.lines.append((line, who))
            self._came.notify_all()

    @property
    def events(self) -> list[str]:
        """The texts of the records so far."""
        with self._came:
            return [str(json.loads(line).get("event")) for line, _ in self.lines]

    def wait_for(self, event: str, deadline: float = 20.0) -> None:
        """Wait for a record with this text."""
        self.wait_until(lambda: event in self.events, deadline, event)

    def wait_until(self, true: Callable[[], bool], deadline: float, what: str) -> None:
        end = time.monotonic() + deadline
        with self._came:
            while not true():
                left = end - time.monotonic()
                assert left > 0, f"never came: {what}; only {self.events}"
                self._came.wait(left)
