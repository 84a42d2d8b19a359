"""The end of the main script waits for a child, and that for input."""
import multiprocessing
import sys


def read(path):
    print("ready", flush=True)
    open(path).readline()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    multiprocessing.Process(target=read, args=(sys.argv[2],), name="last").start()
