"""A QueueListener of the program's own that prints: what it prints, the reader need not.

Records of the workers come to it through a queue and are printed there; the workers cannot
know. The process that prints them says so once, in its process.json.
"""

from __future__ import annotations

from mpdebug.agent import console, guard, process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def patch(module: ModuleType) -> None:
    """Wrap QueueListener.handle."""
    registry.wrap(module.QueueListener, "handle", _handle)


def _handle(original: Any) -> Any:
    def handle(self: Any, *args: Any, **kwargs: Any) -> Any:
        here = process.here
        if here is not None and not here.who.get("prints_relayed"):
            with guard.quiet:
                if any(console.is_console(here.settings, h) for h in self.handlers):
                    here.tell_who(prints_relayed=True)
        try:
            return original(self, *args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise

    return handle
