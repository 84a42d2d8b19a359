"""The listening end of a run's logs: a real QueueListener whose queue is the run folder.

The pair is the standard library's: in each process a QueueHandler whose queue is its
records.jsonl, here a QueueListener whose queue merges all those files. It differs from the
stock one where that loses records: one bad line or one raising handler does not end the
thread; `stop` reads everything to its end before it returns; and lines go to handlers that
can take them (`emit_line`) without being parsed.
"""

from __future__ import annotations

import logging
import logging.handlers
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from mpdebug.observer.rebuild import to_record
from mpdebug.observer.stream import RecordStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mpdebug.observer.merge import Entry

TROUBLES = 5
"""After so many failed looks in a row nothing is to be hoped for: the listening ends."""


class RecordListener(logging.handlers.QueueListener):
    """Feeds what all processes of a run log to handlers, in the order of time.

    A handler with a method `emit_lines(lines: list[tuple[bytes, Who]])` gets whole batches of
    raw JSON lines, one with `emit_line(line: bytes, who: Who)` gets them one by one, one with
    `emit_output(line: bytes, who: Who, stream: str)` gets what was printed. Any other handler
    gets LogRecords made from the lines, those of its level and above. If a handler has
    `due() -> float | None` and `tick()`, `tick` is called when that many seconds have passed;
    `flush()` is called after each batch. One with `takes_records = False` gets none of this;
    where nobody takes records, none are read.

    Args:
        run_path: the run folder.
        handlers: what to feed.
        window: how long lines are held back to be put in order, in seconds.
        follow: go on until `stop`; False: end when what is there has been read.
        watch: is called, in the thread of the listener, with the relative paths of other files
            that changed (process.json, events, exit.json, faults.txt, exits.jsonl).
    """

    queue: RecordStream

    def __init__(
        self,
        run_path: str,
        *handlers: logging.Handler,
        window: float = 0.05,
        follow: bool = True,
        watch: Callable[[set[str]], None] | None = None,
    ) -> None:
        stream = RecordStream(
            run_path,
            window=window,
            follow=follow,
            records=any(takes_records(handler) for handler in handlers),
            output=any(hasattr(handler, "emit_output") for handler in handlers),
            watch=self._watched if watch is not None else None,
        )
        super().__init__(stream, *handlers, respect_handler_level=True)
        self._listening: threading.Thread | None = None
        self._watch_callback = watch
        self._failed: set[object] = set()  # what raised once and was told
        self._abandoned = False
        self._troubles = 0  # failed looks in a row

    def start(self) -> None:
        """Begin to listen, in a thread of its own.

        Raises:
            RuntimeError: it was started before.
        """
        if self._listening is not None:
            raise RuntimeError("this listener was started already")
        self._listening = threading.Thread(target=self._monitor, name="mpdebug-records")
        self._listening.daemon = True
        self._listening.start()

    def stop(self) -> None:
        """Read everything that was written to its end, then return. May be called again."""
        self.queue.finish()
        if self._listening is not None and self._listening is not threading.current_thread():
            self._listening.join()

    def abandon(self) -> None:
        """End as soon as possible, whatever is left: nobody listens any more."""
        self._abandoned = True
        self.queue.finish()

    def run(self, until: Callable[[], bool] | None = None, every: float = 0.5) -> None:
        """Listen in this thread until everything is read (`follow=False`) or `stop` is called.

        Args:
            until: when it says true, the rest is read and that is the end.
            every: seconds between two questions to `until`.
        """
        try:
            asked = time.monotonic()
            while not self.queue.done and not self._abandoned:
                self._step(self._due(every if until is not None else None))
                if until is not None and time.monotonic() - asked >= every:
                    asked = time.monotonic()
                    if until():
                        self.queue.finish()
                        until = None
        finally:
            self._finish()

    def handle(self, record: logging.LogRecord) -> None:
        """Offer a record to the handlers that want LogRecords."""
        record = self.prepare(record)
        for handler in self.handlers:
            if is_plain(handler) and record.levelno >= handler.level:
                self._guard(handler, handler.handle, record)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _monitor(self) -> None:
        self.run()

    def _due(self, most: float | None) -> float | None:
        """Seconds until a handler wants to be called."""
        waits = [due() for handler in self.handlers if (due := getattr(handler, "due", None))]
        waits = [wait for wait in [*waits, most] if wait is not None]
        return min(waits) if waits else None

    def _step(self, timeout: float | None) -> None:
        try:
            entries = self.queue.batch(timeout)
        except Exception as error:  # one bad file must not end the thread
            self._troubles += 1
            if self._troubles > TROUBLES:
                raise
            self._tell("reading the run", error)
            self.queue.nap(0.5)
            return
        self._troubles = 0
        if entries:
            self._deliver(entries)
        for handler in self.handlers:
            if (tick := getattr(handler, "tick", None)) is not None:
                self._guard(handler, tick)

    def _deliver(self, entries: list[Entry]) -> None:
        """Give a batch to each handler in the form that it wants."""
        records = [entry for entry in entries if not entry[3]]
        if self.queue.names.prints_relayed:
            for handler in self.handlers:
                if hasattr(handler, "prints_relayed"):
                    handler.prints_relayed = True
        if len(records) == len(entries):
            self._deliver_records(records)
            return
        start = 0  # printed lines keep their place among the records
        for at, entry in enumerate(entries):
            if entry[3]:
                self._deliver_records(entries[start:at])
                self._deliver_printed(entry)
                start = at + 1
        self._deliver_records(entries[start:])

    def _deliver_records(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        get = self.queue.names.get
        people = {key: get(key) for key in {entry[1] for entry in entries}}
        lines = [(line, people[key]) for _, key, line, _ in entries]
        for handler in self.handlers:
            if not takes_records(handler) or is_plain(handler):
                continue
            if (emit_lines := getattr(handler, "emit_lines", None)) is not None:
                self._guard(handler, emit_lines, lines)
            else:
                emit_line: Any = getattr(handler, "emit_line", None)
                for line, who in lines:
                    self._guard(handler, emit_line, line, who)
            self._guard(handler, handler.flush)
        if any(is_plain(handler) for handler in self.handlers):
            for line, who in lines:
                self.handle(to_record(line, who))

    def _deliver_printed(self, entry: Entry) -> None:
        _, key, line, stream = entry
        who = self.queue.names.get(key)
        for handler in self.handlers:
            if (emit := getattr(handler, "emit_output", None)) is not None:
                self._guard(handler, emit, line, who, stream)

    def _guard(self, owner: object, call: Callable[..., object], *args: object) -> None:
        """Call a handler; what it raises is told once and does not reach the others."""
        try:
            call(*args)
        except Exception as error:  # noqa: BLE001 - a handler may raise anything
            if owner not in self._failed:
                self._failed.add(owner)
                self._tell(type(owner).__name__, error)

    def _tell(self, what: str, error: Exception) -> None:
        """Tell of a failure of our own, through the handlers that did not fail."""
        _, key, line, _ = self.queue.notice(f"{what} raised {type(error).__name__}: {error}")
        who = self.queue.names.get(key)
        for handler in self.handlers:
            if takes_records(handler) and handler not in self._failed:
                emit = getattr(handler, "emit_line", None)
                if emit is not None:
                    self._guard(handler, emit, line, who)
                else:
                    self._guard(handler, handler.handle, to_record(line, who))

    def _watched(self, paths: set[str]) -> None:
        if self._watch_callback is not None:
            self._guard(self._watch_callback, self._watch_callback, paths)

    def _finish(self) -> None:
        for handler in self.handlers:
            if (close := getattr(handler, "end", None)) is not None:
                self._guard(handler, close)
            self._guard(handler, handler.flush)
        self.queue.close()


def takes_records(handler: object) -> bool:
    """Whether a handler wants to have records at all."""
    return bool(getattr(handler, "takes_records", True))


def is_plain(handler: object) -> bool:
    """Whether a handler is one for LogRecords, as logging has them."""
    return takes_records(handler) and not hasattr(handler, "emit_line")
