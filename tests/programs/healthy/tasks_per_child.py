"""Workers end after two tasks each and are replaced, as asked."""
import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2, maxtasksperchild=2) as pool:
        print(pool.map(abs, range(-6, 0), chunksize=1))
        pool.close()
        pool.join()
