"""An executor whose workers are made ready by an initializer."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def begin(lock):
    global LOCK
    LOCK = lock


def work(number):
    with LOCK:
        return number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.Lock()
    with ProcessPoolExecutor(2, initializer=begin, initargs=(lock,)) as executor:
        print(list(executor.map(work, range(4))))
