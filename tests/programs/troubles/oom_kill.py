"""A child takes more memory than its control group allows (to be run in one with a limit)."""
import multiprocessing
import sys


def hoard():
    heap = []
    while True:
        heap.append(bytearray(8_000_000))


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=hoard, name="hoarder")
    child.start()
    child.join()
    print("ended with", child.exitcode)
