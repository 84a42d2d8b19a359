"""A bounded queue is full, and its consumer is busy with something from outside."""
import multiprocessing
import sys


def consume(jobs, path):
    print("ready", flush=True)
    open(path).readline()
    while jobs.get() is not None:
        pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    jobs = multiprocessing.Queue(maxsize=2)
    child = multiprocessing.Process(target=consume, args=(jobs, sys.argv[2]), name="consumer")
    child.start()
    for job in range(20):
        jobs.put(job)
    jobs.put(None)
    child.join()
