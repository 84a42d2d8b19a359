"""Prints more lines than anybody wants, from a worker or not, with SIGPIPE as usual or default."""

import multiprocessing
import signal
import sys


def lines():
    for number in range(100_000):
        print("line", number)
    sys.stdout.flush()


if __name__ == "__main__":
    how = sys.argv[1]
    if how == "default":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if how == "main-only":
        lines()
    else:
        worker = multiprocessing.get_context("fork").Process(target=lines, name="printer")
        worker.start()
        worker.join()
        sys.exit(0 if worker.exitcode == 0 else 3)
