"""A worker of an executor is killed in the middle of a task."""
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor


def render(page):
    if page == 2:
        os.kill(os.getpid(), signal.SIGKILL)  # KILLED
    return page


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with ProcessPoolExecutor(2) as executor:
        print(list(executor.map(render, range(4))))
