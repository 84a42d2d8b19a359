"""`mpdebug.get_logger()`: a structlog logger whose keys reach the run, with stdlib below it."""

from __future__ import annotations

import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def get_logger(name: str = "mpdebug", **keys: Any) -> Any:
    """A logger that takes keys: `log.info("saved", rows=3)`; `log.bind(user="ann")`.

    A structlog BoundLogger on top of `logging.getLogger(name)`, so that the program's own
    handlers see it too, and so that the same line works when the program runs plainly. Where
    that logger has no level of its own it gets INFO: an unconfigured root would drop all but
    warnings.

    Args:
        name: name of the stdlib logger.
        keys: keys that every event of this logger carries.

    Raises:
        ImportError: structlog is not installed in this interpreter.
    """
    import structlog  # noqa: PLC0415 - heavy; only for programs that ask for it

    below = logging.getLogger(name)
    if below.level == logging.NOTSET:
        below.setLevel(logging.INFO)
    return structlog.wrap_logger(
        below,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        **keys,
    )
