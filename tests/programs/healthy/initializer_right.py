"""A lock and a queue reach the workers through the initializer."""
import multiprocessing
import sys


def begin(lock, found):
    global LOCK, FOUND
    LOCK, FOUND = lock, found


def work(number):
    with LOCK:
        FOUND.put(number)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    found = multiprocessing.SimpleQueue()
    with multiprocessing.Pool(2, begin, (multiprocessing.Lock(), found)) as pool:
        pool.map(work, range(4), chunksize=1)
        print(sorted(found.get() for _ in range(4)))
