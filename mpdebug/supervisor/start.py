"""Starting the program, so that it finds the world as it would without us.

Facts about what a child inherits
- Descriptors that are inheritable, which in Python means: those that we inherited ourselves.
  All others, ours, are close-on-exec.
- The signal mask, so it is set to the one that we inherited; and which signals are ignored.
  Python ignores SIGPIPE and SIGXFSZ when it starts: those two go back to their default.
- Working directory, umask, limits, process group, terminal: nothing of that is touched here
  before the program runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IGNORED_BY_PYTHON = tuple(
    getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGXFZ") if hasattr(signal, name)
)


def fill_gaps() -> None:
    """Put something at 0, 1 and 2 where one of them is closed.

    Otherwise a file of ours gets that number, and whoever prints to stderr writes into it. What
    is put there is close-on-exec: the program finds the number closed, as without us.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)  # the lowest free number: this one


def inherited() -> list[int]:
    """The descriptors above 2 that we got from whoever started us, and the program gets too."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError, ValueError):
                if int(name) > 2 and os.get_inheritable(int(name)):  # noqa: PLR2004
                    found.append(int(name))
    return found


def spawn(
    executable: str,
    argv: list[str],
    environ: Mapping[str, str],
    mask: set[int],
    replaced: Mapping[int, int],
) -> int:
    """Start the program; returns its pid. Raises OSError if it cannot be started.

    Args:
        executable: the interpreter's path.
        argv: its whole command line.
        environ: its environment.
        mask: the signals that were blocked when we were started.
        replaced: descriptors that it gets, and which of ours each of them is to be; all
            others are those that it would have without us.
    """
    return os.posix_spawn(
        executable,
        argv,
        environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, ours, fd) for fd, ours in replaced.items()],
        setsigmask=mask,
        setsigdef=IGNORED_BY_PYTHON,
    )


def expect_children() -> None:
    """Have children wait for us when they end, also where we were started with SIGCHLD ignored.

    After the program was started: it inherits what we inherited.
    """
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def let_go(descriptors: Sequence[int], *, keep: frozenset[int] = frozenset()) -> None:
    """Give up our copies of what the program inherited.

    Who reads the other end of a pipe must see its end when the program closes it, not when we
    leave. A terminal stays open, and so does stderr, where we print.

    Args:
        descriptors: what `inherited` said before the program was started.
        keep: those of 0 and 1 that we write to ourselves.
    """
    for fd in descriptors:
        with contextlib.suppress(OSError):
            os.close(fd)
    for fd in {0, 1} - keep:
        if not os.isatty(fd):
            with contextlib.suppress(OSError):
                null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
                os.dup2(null, fd, inheritable=False)
                os.close(null)


def raise_limit() -> None:
    """Allow ourselves as many descriptors as we may have: one for each process of the run.

    Only after the program was started: it must find the limit that it would have without us.
    """
    import resource  # noqa: PLC0415  # not on Windows

    with contextlib.suppress(OSError, ValueError):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
