"""A worker of a Pool is killed in the middle of a task."""
import multiprocessing
import os
import signal
import sys


def dig(metre):
    if metre == 2:
        os.kill(os.getpid(), signal.SIGKILL)  # KILLED
    return metre


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:  # MADE
        print(pool.map(dig, range(5), chunksize=1))  # ASKED
