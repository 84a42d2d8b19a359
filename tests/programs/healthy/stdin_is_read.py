"""input() in the main script, with a Pool beside it."""
import multiprocessing
import os
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        pool.map(abs, range(4))
        print("ready", flush=True)
        os.dup2(os.open(sys.argv[2], os.O_RDONLY), 0)
        input()
