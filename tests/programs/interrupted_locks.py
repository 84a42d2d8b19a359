"""Time-outs that strike in the middle of locks, taken twice by one thread: RLock or Lock."""

import multiprocessing
import signal
import sys


class Late(Exception):
    pass


def late(number, frame):
    raise Late


kind = sys.argv[1]
signal.signal(signal.SIGALRM, late)
struck = 0
for turn in range(1000):
    try:
        lock = getattr(multiprocessing, kind)()  # plainly too it may stay taken
        signal.setitimer(signal.ITIMER_REAL, 100e-6 + turn % 50 * 1e-6, 1)  # one may get lost
        while True:
            with lock:
                if kind == "RLock":
                    with lock:
                        pass
    except Late:
        signal.setitimer(signal.ITIMER_REAL, 0)
        struck += 1
print(struck)
