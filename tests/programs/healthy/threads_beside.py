"""Threads that wait for jobs, beside processes that wait for jobs."""
import multiprocessing
import queue
import sys
import threading


def work(jobs):
    while jobs.get() is not None:
        pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    near, far = queue.Queue(), multiprocessing.Queue()
    child = multiprocessing.Process(target=work, args=(far,))
    child.start()
    thread = threading.Thread(target=work, args=(near,))
    thread.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    for jobs in (near, far):
        jobs.put(None)
    thread.join()
    child.join()
