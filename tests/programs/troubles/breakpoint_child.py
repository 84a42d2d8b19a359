"""A breakpoint in a child, whose stdin is empty."""
import multiprocessing
import sys


def double(number):
    breakpoint()  # STOPS
    return 2 * number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=double, args=(21,), name="doubler")
    child.start()
    child.join()
    print("ended with", child.exitcode)
