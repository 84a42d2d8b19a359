"""Twenty-four tasks by a Dask LocalCluster with processes."""

import logging
import os

from dask.distributed import Client, LocalCluster


def task(number):
    log = logging.getLogger("tasks")
    log.setLevel(logging.INFO)
    log.info("task", extra={"number": number, "pid": os.getpid()})
    return number * number


if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        host="127.0.0.1", silence_logs=False,
    ) as cluster, Client(cluster) as client:
        print(client.gather(client.map(task, range(24))))
