"""as_completed(), and an exception that is caught where it is read."""
import concurrent.futures
import multiprocessing
import sys


def work(number):
    return 10 // number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    results = []
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        for future in concurrent.futures.as_completed([executor.submit(work, n) for n in range(4)]):
            try:
                results.append(future.result())
            except ZeroDivisionError:
                results.append(0)
    print(sorted(results))
