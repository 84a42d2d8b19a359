"""A SimpleQueue from child to main script."""
import multiprocessing
import sys


def work(results, number):
    results.put(number * number)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    results = multiprocessing.SimpleQueue()
    children = [multiprocessing.Process(target=work, args=(results, n)) for n in range(3)]
    for child in children:
        child.start()
    print(sorted(results.get() for _ in children))
    for child in children:
        child.join()
