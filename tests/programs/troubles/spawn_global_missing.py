"""A name that is set below the guard does not exist in a child that was not forked."""
import multiprocessing
import sys


def price(grams):
    return grams * RATE  # MISSING


if __name__ == "__main__":
    RATE = 3  # SET
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(pool.map(price, range(3)))
