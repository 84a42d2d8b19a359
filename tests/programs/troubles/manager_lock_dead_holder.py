"""A process is killed while it holds a manager's lock."""
import multiprocessing
import os
import signal
import sys


def intruder(vault):
    vault.acquire()  # TAKEN
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    manager = multiprocessing.Manager()
    vault = manager.Lock()  # MADE
    child = multiprocessing.Process(target=intruder, args=(vault,), name="intruder")
    child.start()
    child.join()
    with vault:  # WAITS
        print("open")
