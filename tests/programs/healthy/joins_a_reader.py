"""The main script joins a child that waits for input from outside."""
import multiprocessing
import sys


def read(path):
    print("ready", flush=True)
    open(path).readline()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=read, args=(sys.argv[2],), name="reader")
    child.start()
    child.join()
