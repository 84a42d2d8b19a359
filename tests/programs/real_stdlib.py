"""Twenty-four tasks by a Pool, a ProcessPoolExecutor or bare processes: KIND METHOD."""

import concurrent.futures
import logging
import multiprocessing
import os
import sys

log = logging.getLogger("tasks")
log.setLevel(logging.INFO)


def task(number):
    log.info("task", extra={"number": number, "pid": os.getpid()})
    return number * number


def main():
    kind, method = sys.argv[1:]
    context = multiprocessing.get_context(method)
    if kind == "Pool":
        with context.Pool(3) as pool:
            print(pool.map(task, range(24), chunksize=1))
    elif kind == "ProcessPoolExecutor":
        with concurrent.futures.ProcessPoolExecutor(3, mp_context=context) as executor:
            print(list(executor.map(task, range(24))))
    else:
        processes = [context.Process(target=task, args=(n,)) for n in range(24)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        print([process.exitcode for process in processes])


if __name__ == "__main__":
    main()
