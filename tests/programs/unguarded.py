"""A Process is started without asking whether this is the main module."""
import multiprocessing
import sys


def work():
    print("hello")


process = multiprocessing.get_context(sys.argv[1]).Process(target=work, name="w")
process.start()
process.join()
