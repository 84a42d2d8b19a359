"""Whether a person may come to a stop of this program, or nobody ever will."""

from __future__ import annotations

import os


def somebody_looks() -> bool:
    """Whether a terminal is there, and no CI that only looks like one."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return False
    return any(_isatty(fd) for fd in (0, 1, 2))


def in_foreground() -> bool:
    """Whether the keys of a terminal reach our process group."""
    for fd in (0, 1, 2):
        try:
            if os.tcgetpgrp(fd) == os.getpgrp():
                return True
        except OSError:  # closed, no terminal, or not the one that controls us
            continue
    return False


def _isatty(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False
