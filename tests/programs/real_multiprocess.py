"""Twenty-four tasks by multiprocess, which can pickle lambdas: METHOD KIND."""

import logging
import os
import sys

import multiprocess

log = logging.getLogger("tasks")
log.setLevel(logging.INFO)


def task(number):
    log.info("task", extra={"number": number, "pid": os.getpid()})
    return number * number


def main():
    method, kind = sys.argv[1:]
    context = multiprocess.get_context(method)
    if kind == "Pool":
        with context.Pool(2) as pool:
            print(pool.map(lambda number: task(number), range(24), chunksize=1))
    else:
        processes = [context.Process(target=task, args=(n,)) for n in range(24)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        print([process.exitcode for process in processes])


if __name__ == "__main__":
    main()
