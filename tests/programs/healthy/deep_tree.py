"""Children of children, three deep, each joined."""
import multiprocessing
import sys


def descend(depth):
    if depth:
        child = multiprocessing.Process(target=descend, args=(depth - 1,))
        child.start()
        child.join()
        sys.exit(child.exitcode)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    descend(3)
