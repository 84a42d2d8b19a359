"""The trace functions that a debugger finds in a thread, and puts back when it leaves.

`sys.settrace` alone does not do: each frame that is on the stack has a local trace function of
its own. Were ours left there, the tracer of the program (coverage) would see no line of these
frames any more, and would make Python call us for each of them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


class Tracers:
    """What traced one thread before us: the thread itself, and its frames that were traced."""

    def __init__(self) -> None:
        self.thread: Any = None
        self.frames: dict[FrameType, tuple[Any, bool]] = {}

    def replace(self, frame: FrameType | None, ours: Any, *, first: bool) -> None:
        """Trace this frame, those below it on the stack, and the thread, with `ours`.

        Args:
            frame: the innermost one of the program.
            ours: a bound method: each look at it is another object, so it is compared by `==`.
            first: nothing was replaced yet, or it was put back.
        """
        if first:
            self.thread = sys.gettrace()
        while frame is not None:
            if frame.f_trace is not None and frame.f_trace != ours:
                self.frames[frame] = frame.f_trace, frame.f_trace_lines
            frame.f_trace = ours
            frame.f_trace_lines = True
            frame = frame.f_back
        sys.settrace(ours)

    def put_back(self, ours: Any) -> None:
        """The thread and the frames that are left on its stack are traced as before."""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
        while frame is not None:
            if frame.f_trace == ours:
                frame.f_trace, frame.f_trace_lines = self.frames.get(frame, (None, True))
            frame = frame.f_back
        self.frames.clear()
        sys.settrace(self.thread)
        self.thread = None
