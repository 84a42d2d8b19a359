"""A process is started without the guard: the child fails, and the parent goes on."""
import multiprocessing
import sys


def greet():
    print("hello")


child = multiprocessing.get_context(sys.argv[1]).Process(target=greet, name="greeter")
child.start()  # STARTED
child.join()
print("ended with", child.exitcode)
