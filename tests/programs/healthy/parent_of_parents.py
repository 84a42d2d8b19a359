"""A child of a child waits for input; each parent joins."""
import multiprocessing
import sys


def descend(depth, path):
    if depth:
        child = multiprocessing.Process(target=descend, args=(depth - 1, path), name=f"depth-{depth}")
        child.start()
        child.join()
    else:
        print("ready", flush=True)
        open(path).readline()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    descend(2, sys.argv[2])
