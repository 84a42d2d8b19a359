"""A child works until an event is set."""
import multiprocessing
import sys


def work(over):
    while not over.wait(0.01):
        pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    over = multiprocessing.Event()
    child = multiprocessing.Process(target=work, args=(over,))
    child.start()
    over.set()
    child.join()
    print(child.exitcode)
