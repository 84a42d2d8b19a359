"""A child is halted, and nobody lets it go on."""
import multiprocessing
import os
import signal
import sys


def nap():
    os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    napper = multiprocessing.Process(target=nap, name="napper")
    napper.start()
    napper.join()  # WAITS
