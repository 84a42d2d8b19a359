"""Ctrl-C, and everybody ends in order: workers ignore it, the main script closes."""
import multiprocessing
import os
import signal
import sys


def begin(there):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    there.wait()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    there = multiprocessing.Barrier(3)
    pool = multiprocessing.Pool(2, begin, (there,))
    there.wait()
    try:
        os.killpg(0, signal.SIGINT)
        signal.pause()
    except KeyboardInterrupt:
        pool.close()
        pool.join()
        print("closed")
