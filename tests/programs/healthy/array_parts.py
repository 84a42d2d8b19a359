"""Each process writes a part of its own of an Array."""
import multiprocessing
import sys


def fill(array, first):
    for index in range(first, first + 5):
        array[index] = index


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    array = multiprocessing.Array("i", 10, lock=False)
    children = [multiprocessing.Process(target=fill, args=(array, n)) for n in (0, 5)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print(list(array))
