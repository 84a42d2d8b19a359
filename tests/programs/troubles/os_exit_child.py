"""A child ends itself by os._exit(): what it printed is not written any more."""
import multiprocessing
import os
import sys


def save():
    print("half of the fi", end="")
    os._exit(3)  # ENDED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=save, name="saver")
    child.start()
    child.join()
    print("ended with", child.exitcode)
