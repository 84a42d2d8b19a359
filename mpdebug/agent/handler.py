"""The QueueHandler itself. A file of its own, because it is loaded with the first record."""

from __future__ import annotations

from logging.handlers import QueueHandler

from mpdebug.agent import logs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import LogRecord


class RunHandler(logs.LineFormat, QueueHandler):  # type: ignore[misc]
    """Puts records, as JSON lines, into the queue that is this process's file.

    It is not put on any logger: `Logger.callHandlers` hands it every record that the program's
    own levels let through, so basicConfig, `force=True` and an empty root behave as without us.
    """

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """No lock: one write is one line, and a signal handler may log while we are in here."""
        self.lock = None

    def handle(self, record: LogRecord) -> bool:
        """Write the record. The base class would take the lock that we do not have."""
        self.enqueue(self.prepare(record))
        return True
