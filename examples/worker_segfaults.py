"""A worker crashes in C code in the middle of Pool.map.

    python -m mpdebug examples/worker_segfaults.py

Plainly you see nothing at all: the pool starts another worker, the lost task is never run
again, and `Pool.map` would wait for ever (here it is map_async with a time limit, so that this
example ends). Under mpdebug the death is told when it happens: the signal, the task, the
stack, and what follows from it.
"""

import ctypes
import multiprocessing
import sys


def decode(frame):
    """Decode one frame; the third one makes the decoder read where nothing is."""
    if frame == 3:
        ctypes.string_at(0)
    return frame * frame


def main():
    """Decode eight frames in two workers."""
    with multiprocessing.Pool(2) as pool:
        waiting = pool.map_async(decode, range(8), chunksize=1)
        try:
            frames = waiting.get(timeout=2)
        except multiprocessing.TimeoutError:
            print("gave up after 2 s: a frame never came back")
            return 1
    print(len(frames), "frames")
    return 0


if __name__ == "__main__":
    sys.exit(main())
