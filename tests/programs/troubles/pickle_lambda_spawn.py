"""A lambda is no target for a process that is not forked."""
import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=lambda: print("hello"), name="greeter")
    child.start()  # STARTED
    child.join()
