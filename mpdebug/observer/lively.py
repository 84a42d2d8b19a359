"""Which processes may not be asked for the stacks of all their threads from outside just now.

faulthandler walks the stacks of all threads from a signal's handler, without the interpreter's
lock. Where another thread than the main one runs, begins or ends just then, it reads what is
freed, and the program dies of it: 3 of 8 times where `stacks` was asked again and again of a
Pool that was just starting (3.11). Who has one thread, or whose others sleep, is safe.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mpdebug.observer.standing import signs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOKS, APART = 3, 0.01
"""So many looks whether other threads run, seconds apart."""

LIVELY = "its threads run, and its main thread does not come back to Python to tell of them"


def with_running_threads(pids: Iterable[int]) -> set[int]:
    """Those of these processes in which another thread than the main one runs now."""
    left = set(pids)
    for _ in range(LOOKS):
        before = {pid: signs_of(pid) for pid in left}
        left = {pid for pid, signs in before.items() if len(signs) > 1}
        if not left:
            break
        time.sleep(APART)
        left = {pid for pid in left if _others(pid, signs_of(pid)) != _others(pid, before[pid])}
    return left


def _others(pid: int, signs: dict[int, bytes]) -> dict[int, bytes]:
    return {tid: sign for tid, sign in signs.items() if tid != pid}
