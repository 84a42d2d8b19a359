"""A child asks a question, and its stdin is empty."""
import multiprocessing
import sys


def ask():
    print("so you are", input("your name? "))  # ASKED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    child = multiprocessing.Process(target=ask, name="asker")
    child.start()
    child.join()
    print("ended with", child.exitcode)
