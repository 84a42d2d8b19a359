"""A task calls sys.exit(), which ends the worker."""
import multiprocessing
import sys


def check(ticket):
    if ticket == 2:
        sys.exit("this ticket is void")  # ENDED
    return ticket


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:  # MADE
        print(pool.map(check, range(5), chunksize=1))  # ASKED
