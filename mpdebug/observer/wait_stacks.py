"""The Python stack of each wait in a picture, asked of the processes themselves.

faulthandler tells a thread by its `pthread_t`, the kernel by its tid. With glibc the first is
an address at the upper end of the thread's own stack, and the kernel tells the stack pointer
of each thread that sleeps: the thread is the one whose end is the next above its pointer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mpdebug.observer import parked, stacks
from mpdebug.rundir import layout

if TYPE_CHECKING:
    from mpdebug.model_stacks import ThreadStack
    from mpdebug.model_waits import Picture, Wait
    from mpdebug.observer.threads import Seen

ROOM = 1 << 30
"""No thread has a stack as large as that."""


def with_stacks(picture: Picture, seen: dict[str, dict[int, Seen]]) -> Picture:
    """The picture with the Python stacks of its waits.

    A thread of which it is not certain which stack is its own has none.

    Args:
        picture: of a living run.
        seen: the last look at the threads of each process, by key.
    """
    asked = [one for one in picture.run.processes if one.key in seen and one.folder]
    matched = {}
    for found in stacks.take(asked):
        key = found.process.key
        pointers = {
            tid: call.stack if (call := one.call) is not None else 0
            for tid, one in seen[key].items()
        }
        for tid, stack in match(found.process.pid, found.threads, pointers).items():
            matched[key, tid] = stack
    waits = [_told(one, matched.get((one.process, one.tid))) for one in picture.waits]
    mains = {one.key for one in picture.run.processes if one.role == layout.MAIN}
    for at, one in enumerate(waits):
        if one.main and one.process in mains:
            beside = [
                each.frames for each in waits if each.process == one.process and not each.main
            ]
            if parked.until_ctrl_c(one.frames, beside):
                waits[at] = replace(one, by_signal=True)
    return replace(picture, waits=tuple(waits), stacks=True)


def _told(wait: Wait, stack: ThreadStack | None) -> Wait:
    if stack is None:
        return wait
    return replace(wait, frames=stack.frames, thread=wait.thread or stack.name)


def match(
    pid: int, threads: tuple[ThreadStack, ...], pointers: dict[int, int]
) -> dict[int, ThreadStack]:
    """Whose stack each is, by tid.

    Args:
        pid: of the process, and tid of its main thread.
        threads: as faulthandler told them.
        pointers: stack pointers of all threads by tid; 0: it runs.
    """
    found = {}
    if len(pointers) > len(threads) and not all(pointers.values()):
        pointers = {}  # one of C alone could be taken for one that runs
    left = {one.ident: one for one in threads}
    for one in threads:
        if one.main:
            found[pid] = left.pop(one.ident)
    for tid, pointer in pointers.items():
        above = min((ident for ident in left if ident > pointer), default=0)
        if tid != pid and pointer and above and above - pointer < ROOM:
            # Another thread may lie between: then that one, and not this, is the next below.
            below = [p for p in pointers.values() if pointer < p < above]
            if not below:
                found[tid] = left[above]
    return found
