"""apply_async() whose errors go to an error_callback."""
import multiprocessing
import sys


def fail(number):
    raise ValueError(number)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    seen = []
    with multiprocessing.Pool(2) as pool:
        for number in range(3):
            pool.apply_async(fail, (number,), error_callback=seen.append)
        pool.close()
        pool.join()
    print(len(seen))
