"""A generator of random numbers made before the fork gives the same ones in each child."""
import multiprocessing
import random
import sys

DICE = random.Random()


def throw(both):
    both.wait()
    print(DICE.randrange(10**6))  # USED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    both = multiprocessing.Barrier(2)
    children = [multiprocessing.Process(target=throw, args=(both,), name=n) for n in ("red", "blue")]
    for child in children:
        child.start()
    for child in children:
        child.join()
