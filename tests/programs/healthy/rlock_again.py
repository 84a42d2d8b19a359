"""A recursive lock is taken three deep."""
import multiprocessing
import sys


def work(lock, depth):
    with lock:
        if depth:
            work(lock, depth - 1)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.RLock()
    children = [multiprocessing.Process(target=work, args=(lock, 3)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
