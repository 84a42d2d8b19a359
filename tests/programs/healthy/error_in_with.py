"""An exception leaves a `with lock`, which releases it, and is caught."""
import multiprocessing
import sys


def work(lock, number):
    try:
        with lock:
            10 // number
    except ZeroDivisionError:
        pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.Lock()
    children = [multiprocessing.Process(target=work, args=(lock, n)) for n in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
