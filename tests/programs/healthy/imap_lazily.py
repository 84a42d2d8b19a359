"""imap() whose results are taken one by one, and not all of them."""
import multiprocessing
import sys


def work(number):
    return number * 2


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        for result in pool.imap(work, range(40)):
            if result > 20:
                break
    print(result)
