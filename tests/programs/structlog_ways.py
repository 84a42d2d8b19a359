"""structlog in each of its usual configurations: WAY. One event with keys, one exception."""
import logging
import sys

import structlog

way = sys.argv[1]
if way == "native":
    structlog.configure(processors=[structlog.processors.JSONRenderer()])
elif way == "stdlib":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
elif way == "formatter":
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=structlog.dev.ConsoleRenderer(colors=False))
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
elif way == "kwargs":
    logging.basicConfig(level=logging.INFO)
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
log = structlog.get_logger().bind(user="ann")
log.info("saved", rows=3)
with structlog.testing.capture_logs() as caught:
    log.info("caught", rows=4)
print([entry["event"] for entry in caught])
log.warning("again", rows=5)
