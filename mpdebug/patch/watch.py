"""Look at the first uses of something in a process, and then get out of its way."""

from __future__ import annotations

from mpdebug.agent import process
from mpdebug.patch import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Watch:
    """How many uses are still looked at, and what to put back after the last of them.

    Args:
        uses: so many in each process; a forked child counts anew, since its work begins there.
    """

    def __init__(self, uses: int) -> None:
        self.uses = self.left = uses
        self.changed: list[tuple[Any, str, Any, Any]] = []
        process.on_fork.append(self.again)

    def put(self, owner: Any, name: str, ours: Any) -> None:
        """Replace an attribute until then."""
        original = owner.__dict__[name]
        if all(one[0] is not owner or one[1] != name for one in self.changed):
            registry.put(owner, name, ours)
            self.changed.append((owner, name, original, ours))

    def count(self) -> None:
        """One more use; the last of them ends the watch."""
        self.left -= 1
        if self.left == 0:
            for owner, name, original, ours in self.changed:
                if owner.__dict__.get(name) is ours:
                    setattr(owner, name, original)

    def again(self) -> None:
        """In a forked child: look anew."""
        if self.left <= 0:
            for owner, name, original, ours in self.changed:
                if owner.__dict__.get(name) is original and registry.is_ours(owner, name):
                    setattr(owner, name, ours)
        self.left = self.uses
