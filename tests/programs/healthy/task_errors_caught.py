"""Tasks fail, and the main script catches what they raise."""
import multiprocessing
import sys


def work(number):
    return 10 // number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        try:
            pool.map(work, range(3))
        except ZeroDivisionError as error:
            print(error)
        result = pool.apply_async(work, (0,))
        result.wait()
        print(result.successful())
