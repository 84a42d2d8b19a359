"""The workers are there before the function that they shall call."""
import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    pool = multiprocessing.Pool(2)  # MADE

    def triple(number):  # DEFINED
        return 3 * number

    print(pool.map(triple, range(3), chunksize=1))  # ASKED
