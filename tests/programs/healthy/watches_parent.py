"""A child waits for the end of its parent, which waits for input."""
import multiprocessing
import sys
from multiprocessing import connection


def guard(ready):
    ready.set()
    connection.wait([multiprocessing.parent_process().sentinel])


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ready = multiprocessing.Event()
    multiprocessing.Process(target=guard, args=(ready,), name="guard", daemon=True).start()
    ready.wait()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
