"""Names that programs give their processes by a variable: pytest-xdist's gw0, gw1, ….

Such a process is a bare `python -c …`, its name comes later, in its own environment.
"""

from __future__ import annotations

import os

from mpdebug.agent import guard, process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLES = frozenset({b"PYTEST_XDIST_WORKER"})


def patch_os() -> None:
    """Wrap os.putenv, which `os.environ[...] = ...` calls."""
    registry.wrap_os("putenv", _putenv)


def _putenv(original: Any) -> Any:
    def putenv(*args: Any, **kwargs: Any) -> Any:
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        if process.here is not None and args and args[0] in VARIABLES:
            with guard.quiet:
                process.here.tell_who(name=os.fsdecode(args[1]))
        return result

    return putenv
