"""A callback of a Pool asks the same Pool for a result, and waits for it."""
import multiprocessing
import sys
import threading


def double(number):
    return 2 * number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    done = threading.Event()
    with multiprocessing.Pool(2) as pool:

        def again(number):
            print(pool.apply(double, (number,)))  # WAITS
            done.set()

        pool.apply_async(double, (1,), callback=again)
        done.wait()
