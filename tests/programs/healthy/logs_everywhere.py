"""All processes log, each to a handler of its own."""
import logging
import multiprocessing
import sys


def work(number):
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s", force=True)
    logging.warning("work %s", number)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    logging.basicConfig(stream=sys.stdout)
    with multiprocessing.Pool(2) as pool:
        pool.map(work, range(4))
    logging.warning("the end")
