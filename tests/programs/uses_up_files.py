"""Ended processes are kept in a list, until there is no descriptor left.

Arguments: METHOD LIMIT. Above 500 our own descriptors count too.
"""
import multiprocessing
import os
import resource
import sys

if __name__ == "__main__":
    limit = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    context = multiprocessing.get_context(sys.argv[1])
    kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(limit - 30)]
    while True:
        kept.append(context.Process(target=os.getpid))
        kept[-1].start()  # HERE
        kept[-1].join()
