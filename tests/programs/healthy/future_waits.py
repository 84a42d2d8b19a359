"""result() of a future whose task waits for input; a second task waits behind it."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def read(path):
    print("ready", flush=True)
    return open(path).readline()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with ProcessPoolExecutor(1) as executor:
        first = executor.submit(read, sys.argv[2])
        second = executor.submit(abs, -1)
        first.result()
        second.result()
