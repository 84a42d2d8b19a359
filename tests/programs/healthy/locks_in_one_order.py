"""Two locks, always taken in the same order."""
import multiprocessing
import sys


def work(first, second):
    for _ in range(20):
        with first, second:
            pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    first, second = multiprocessing.Lock(), multiprocessing.Lock()
    children = [multiprocessing.Process(target=work, args=(first, second)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
