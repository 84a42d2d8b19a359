"""A FIFO that is opened for both: the reader is its only writer, and anybody may come."""
import multiprocessing
import os
import sys


def read(path):
    fd = os.open(path, os.O_RDWR)
    print("ready", flush=True)
    os.read(fd, 100)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=read, args=(sys.argv[2],), name="reader")
    child.start()
    child.join()
