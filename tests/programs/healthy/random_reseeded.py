"""random's generators: the module's own, and one that each child makes for itself."""
import multiprocessing
import random
import sys


def draw(_):
    return random.random() + random.Random().random()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    random.seed(1)
    random.random()
    with multiprocessing.Pool(2) as pool:
        print(len(set(pool.map(draw, range(4), chunksize=1))))
