"""What a spawned child does before it reaches its target, and how that goes wrong.

The main module is run again there (as `__mp_main__`) and the Process object unpickled; an
unguarded main module, a failing import, a name that is missing end the child in here.
"""

from __future__ import annotations

from mpdebug.agent import guard
from mpdebug.patch import processes, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def patch(module: ModuleType) -> None:
    """Wrap spawn._main; the forkserver's children pass through it too."""
    registry.wrap(module, "_main", _main)


def _main(original: Any) -> Any:
    def _main(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            processes.note_end(error)
            raise

    return _main
