"""A process is killed while it holds a lock."""
import multiprocessing
import os
import signal
import sys


def miner(gate):
    gate.acquire()  # TAKEN
    os.kill(os.getpid(), signal.SIGKILL)


def carter(gate):
    with gate:  # WAITS
        print("through")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    gate = multiprocessing.Lock()  # MADE
    for work in (miner, carter):
        child = multiprocessing.Process(target=work, args=(gate,), name=work.__name__)
        child.start()
        child.join()
