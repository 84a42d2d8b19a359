"""The workers of an executor are idle while the main script waits for input."""
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with ProcessPoolExecutor(2) as executor:
        list(executor.map(abs, range(4)))
        print("ready", flush=True)
        open(sys.argv[2]).readline()
        list(executor.map(abs, range(4)))
