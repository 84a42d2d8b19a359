"""Tasks of an executor that make a Pool of their own."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def inner(number):
    return number + 1


def outer(number):
    with multiprocessing.Pool(1) as pool:
        return pool.map(inner, range(number))


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with ProcessPoolExecutor(2) as executor:
        print(list(executor.map(outer, [2, 3])))
