"""Native code in a child reads an address that is not there."""
import ctypes
import multiprocessing
import sys


def peek():
    ctypes.string_at(1)  # CRASHED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=peek, name="peeker")
    child.start()
    child.join()
    print("ended with", child.exitcode)
