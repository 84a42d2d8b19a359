"""join() of a JoinableQueue waits for a consumer that is busy with something from outside."""
import multiprocessing
import sys


def consume(jobs, path):
    while True:
        if jobs.get() == "read":
            print("ready", flush=True)
            open(path).readline()
        jobs.task_done()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    jobs = multiprocessing.JoinableQueue()
    child = multiprocessing.Process(target=consume, args=(jobs, sys.argv[2]), daemon=True)
    child.start()
    for job in ("rest", "read", "rest"):
        jobs.put(job)
    jobs.join()
