"""A lock made for fork is given to a process that is started by another method."""
import multiprocessing
import sys


def guarded(lock):
    with lock:
        print("inside")


if __name__ == "__main__":
    lock = multiprocessing.get_context("fork").Lock()  # MADE
    context = multiprocessing.get_context(sys.argv[1])
    child = context.Process(target=guarded, args=(lock,), name="guarded")
    child.start()  # STARTED
    child.join()
