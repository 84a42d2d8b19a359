"""The clocks of the machine, also where the program has put others into `time`.

freezegun and its like replace the functions in `time`, and in every module that holds them by
name. Records of all processes are put in order by these clocks, so ours are held by a class.
"""

from __future__ import annotations

import time


class Clock:
    """Seconds since the epoch, and nanoseconds on the clock that all processes share."""

    now = staticmethod(time.time)
    mono = staticmethod(time.monotonic_ns)
