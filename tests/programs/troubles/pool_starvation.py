"""Three tasks wait for each other, and there are two workers."""
import multiprocessing
import sys


def seat(table):
    global TABLE
    TABLE = table


def dine(guest):
    TABLE.wait()  # WAITS
    return guest


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    table = multiprocessing.Barrier(3)  # MADE
    with multiprocessing.Pool(2, seat, (table,)) as pool:  # POOL
        print(pool.map(dine, range(3), chunksize=1))  # ASKED
