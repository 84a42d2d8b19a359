"""Twenty-four tasks by joblib with loky."""

import logging
import os

from joblib import Parallel, delayed


def task(number):
    log = logging.getLogger("tasks")
    log.setLevel(logging.INFO)
    log.info("task", extra={"number": number, "pid": os.getpid()})
    return number * number


if __name__ == "__main__":
    print(Parallel(n_jobs=2)(delayed(task)(n) for n in range(24)))
