"""Replaces functions of `os`, and a module, by mocks while processes begin, log and fail."""
import logging
import os
import sys
from unittest import mock

log = logging.getLogger("app")


def fork_and_log(word):
    pid = os.fork()
    if pid == 0:
        log.warning("child %s", word)
        raise ValueError(word)
    os.waitpid(pid, 0)


with mock.patch.dict(sys.modules, {"fcntl": mock.MagicMock(), "_json": mock.MagicMock()}):
    fork_and_log("one")
fork_and_log("two")
with mock.patch("os.getpid", return_value=4242):
    log.warning("who am I?")
for name in ("close", "dup2", "open", "fstat", "stat", "rename", "write", "mkdir", "access"):
    with mock.patch(f"os.{name}", side_effect=getattr(os, name)) as called:
        pid = os.fork()
        if pid == 0:
            os._exit(called.call_count)
        print(name, os.waitpid(pid, 0)[1], called.call_count)
