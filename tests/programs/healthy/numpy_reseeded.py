"""numpy's generator, which each worker seeds anew."""
import multiprocessing
import os
import sys

import numpy


def begin():
    numpy.random.seed(os.getpid())


def draw(_):
    return numpy.random.random()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2, begin) as pool:
        print(len(pool.map(draw, range(4))))
