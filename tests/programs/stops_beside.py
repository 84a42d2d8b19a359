"""A worker stops, and the main process does something beside it when it is told to.

stops_beside.py FIFO [GATE]: main reads words from FIFO, a line each, and does them: log, show
(a record that a handler of its own prints), print, input, exit. The worker stops at once, or when a line comes through GATE.
"""

import logging
import multiprocessing
import os
import sys

WORDS = sys.argv[1]


def step(gate):
    if gate:
        open(gate).readline()
    loss = 42
    breakpoint()
    print("loss", loss, flush=True)


def do(word):
    if word == "log":
        logging.getLogger("beside").warning("a word from main")
    elif word == "show":
        own = logging.getLogger("own")
        own.addHandler(logging.StreamHandler())
        own.warning("shown by main itself")
    elif word == "print":
        print("printed by main", flush=True)
    elif word == "input":
        print("main got", input("name? "), flush=True)
    elif word == "exit":
        os._exit(3)


def main():
    logging.getLogger().addHandler(logging.NullHandler())
    worker = multiprocessing.get_context("fork").Process(
        target=step, args=((*sys.argv, "")[2],), name="Worker-1"
    )
    worker.start()
    try:
        with open(WORDS) as words:
            for line in words:
                if line == "end\n":
                    break
                else:
                    do(line.strip())
        worker.join()
    except KeyboardInterrupt:
        print("main was interrupted", flush=True)
    print("ended", worker.exitcode, flush=True)


if __name__ == "__main__":
    main()
