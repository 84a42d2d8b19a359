"""The workers of a Pool are idle while the main script waits for input."""
import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(3) as pool:
        pool.map(abs, range(6))
        print("ready", flush=True)
        open(sys.argv[2]).readline()
        pool.map(abs, range(6))
        pool.close()
        pool.join()
