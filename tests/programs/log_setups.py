"""One warning and one info under each way to set logging up: SETUP."""

import logging
import logging.config
import logging.handlers
import queue
import sys

setup = sys.argv[1]
if setup == "basicConfig":
    logging.basicConfig(level=logging.INFO)
elif setup == "force":
    logging.basicConfig(level=logging.INFO)
    logging.basicConfig(level=logging.INFO, force=True)
elif setup == "dictConfig":
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": True,
            "handlers": {"h": {"class": "logging.StreamHandler"}},
            "root": {"level": "INFO", "handlers": ["h"]},
        }
    )
elif setup == "file":
    logging.basicConfig(level=logging.INFO, filename=sys.argv[2])
elif setup == "no propagate":
    logging.getLogger("app").propagate = False
    logging.getLogger("app").setLevel(logging.INFO)
elif setup == "wrapped":

    class Writer:
        """What stands before stderr in some programs: it has no fileno."""

        stream = sys.stderr

        def write(self, text):
            self.stream.write(text)

    logging.basicConfig(level=logging.INFO, stream=Writer())
elif setup == "disabled":
    logging.basicConfig(level=logging.INFO)
    logging.disable(logging.INFO)
elif setup == "held":
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
elif setup == "level":
    logging.basicConfig(level=logging.ERROR)
elif setup == "queue":
    q = queue.Queue()
    listener = logging.handlers.QueueListener(q, logging.StreamHandler())
    logging.getLogger().addHandler(logging.handlers.QueueHandler(q))
    logging.getLogger().setLevel(logging.INFO)
    listener.start()
log = logging.getLogger("app")
log.info("an info")
log.warning("a warning")
if setup == "queue":
    listener.stop()
