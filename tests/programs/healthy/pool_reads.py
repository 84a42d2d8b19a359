"""pool.map() waits for tasks, of which one waits for input."""
import multiprocessing
import sys


def read(path):
    if path:
        print("ready", flush=True)
        return open(path).readline()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        pool.map(read, ["", sys.argv[2], "", ""], chunksize=1)
