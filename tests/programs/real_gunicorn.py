"""A WSGI application that logs each request."""

import logging
import os

log = logging.getLogger("application")
log.setLevel(logging.INFO)


def app(environ, start_response):
    path = environ["PATH_INFO"]
    log.info("request", extra={"number": int(path[1:]), "pid": os.getpid()})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"you asked for {path}".encode()]
