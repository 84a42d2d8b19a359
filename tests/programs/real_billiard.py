"""Twenty-four tasks by a billiard Pool, and one billiard Process."""

import logging
import os

import billiard

log = logging.getLogger("tasks")
log.setLevel(logging.INFO)


def task(number):
    log.info("task", extra={"number": number, "pid": os.getpid()})
    return number * number


if __name__ == "__main__":
    pool = billiard.Pool(2)
    print(pool.map(task, range(23), chunksize=1))
    pool.close()
    pool.join()
    last = billiard.Process(target=task, args=(23,))
    last.start()
    last.join()
    print(last.exitcode)
