"""Each worker fails in the initializer and is replaced, for ever."""
import multiprocessing
import sys


def connect():
    raise ConnectionError("no such database")  # RAISED


def query(number):
    return number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2, initializer=connect) as pool:  # MADE
        print(pool.map(query, range(3)))  # ASKED
