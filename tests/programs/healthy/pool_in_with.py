"""A Pool in `with`, which ends its workers by terminate()."""
import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(pool.map(abs, range(-4, 0)), pool.apply(abs, (-5,)), pool.starmap(pow, [(2, 3)]))
