"""The parent keeps no reference to a lock, which is gone before the child opens it."""
import multiprocessing
import sys


def guarded(lock):
    with lock:
        print("inside")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(
        target=guarded,
        args=(multiprocessing.Lock(),),  # MADE
        name="guarded",
    )
    child.start()
    child.join()
