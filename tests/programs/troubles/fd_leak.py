"""Ended processes are kept without close(), and each keeps a descriptor open."""
import multiprocessing
import resource
import sys


def visit():
    pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    visits = []
    multiprocessing.Process(target=visit).start()
    resource.setrlimit(resource.RLIMIT_NOFILE, (30, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for _ in range(30):
        child = multiprocessing.Process(target=visit)
        child.start()  # OPENS
        child.join()
        visits.append(child)
