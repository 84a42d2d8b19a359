"""A worker of a Pool, which is a daemon, starts a Pool of its own."""
import multiprocessing
import sys


def square(side):
    return side * side


def rectangle(side):
    with multiprocessing.Pool(1) as inner:  # STARTED
        return inner.map(square, range(side))


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(pool.map(rectangle, [1, 2]))
