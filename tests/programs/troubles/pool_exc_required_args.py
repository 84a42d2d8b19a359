"""An exception that cannot be made again from its message kills the Pool's result thread."""
import multiprocessing
import sys


class TooHot(Exception):
    def __init__(self, oven, degrees):
        super().__init__(f"{oven} has {degrees} degrees")


def bake(loaf):
    if loaf == 1:
        raise TooHot("left oven", 300)  # RAISED
    return loaf


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:  # MADE
        print(pool.map(bake, range(3), chunksize=1))  # ASKED
