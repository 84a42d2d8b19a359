"""A JoinableQueue whose consumers say task_done()."""
import multiprocessing
import sys


def consume(jobs):
    while (job := jobs.get()) is not None:
        jobs.task_done()
    jobs.task_done()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    jobs = multiprocessing.JoinableQueue()
    children = [multiprocessing.Process(target=consume, args=(jobs,)) for _ in range(2)]
    for child in children:
        child.start()
    for job in [*range(20), None, None]:
        jobs.put(job)
    jobs.join()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
