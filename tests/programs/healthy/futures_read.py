"""Futures that fail, and whose exceptions are read."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def divide(number):
    return 1 / number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with ProcessPoolExecutor(2) as executor:
        futures = [executor.submit(divide, number) for number in range(3)]
    print([type(future.exception()).__name__ for future in futures])
