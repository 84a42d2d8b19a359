"""A Value that is changed under its lock only."""
import multiprocessing
import sys


def count(value):
    for _ in range(200):
        with value.get_lock():
            value.value += 1


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    value = multiprocessing.Value("i", 0)
    children = [multiprocessing.Process(target=count, args=(value,)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print(value.value)
