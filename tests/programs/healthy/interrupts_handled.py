"""Ctrl-C, and everybody ends in order: workers ignore it, the main script closes."""
import multiprocessing
import os
import signal
import sys


def begin():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    pool = multiprocessing.Pool(2, begin)
    pool.map(abs, range(4))
    try:
        os.killpg(0, signal.SIGINT)
        signal.pause()
    except KeyboardInterrupt:
        pool.close()
        pool.join()
        print("closed")
