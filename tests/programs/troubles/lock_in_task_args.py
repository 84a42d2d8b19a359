"""A lock travels as an argument of a task, not through the initializer."""
import multiprocessing
import sys


def stamp(lock):
    with lock:
        return "stamped"


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.Lock()  # MADE
    with multiprocessing.Pool(2) as pool:
        print(pool.map(stamp, [lock, lock]))  # ASKED
