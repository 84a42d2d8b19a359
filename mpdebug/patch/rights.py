"""A program that gives up its rights (gunicorn as root with --user) keeps its log.

Afterwards nothing can be made or opened in its folder any more, so the files are opened before.
Processes that it forks from then on cannot make a folder: they are not observed.
"""

from __future__ import annotations

from mpdebug.agent import guard, process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GIVE_UP = ("setuid", "seteuid", "setreuid", "setresuid", "chroot")


def patch_os() -> None:
    """Wrap os.setuid and its kin, and os.chroot."""
    for name in GIVE_UP:
        registry.wrap_os(name, _hold_first)


def _hold_first(original: Any) -> Any:
    def give_up(*args: Any, **kwargs: Any) -> Any:
        if process.here is not None:
            with guard.quiet:
                process.here.hold_files()
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return give_up
