"""A child that sleeps is ended by terminate(), and so is meant."""
import multiprocessing
import sys
import time


def sleep(ready):
    ready.set()
    time.sleep(60)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    ready = multiprocessing.Event()
    child = multiprocessing.Process(target=sleep, args=(ready,), name="sleeper")
    child.start()
    ready.wait()
    child.terminate()
    child.join()
    print(child.exitcode)
