"""A child fails on purpose, and its exit code is looked at."""
import multiprocessing
import sys


def check():
    sys.exit(3)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=check, name="checker")
    child.start()
    child.join()
    if child.exitcode == 3:
        print("there are three things to do")
