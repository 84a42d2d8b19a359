"""The main script has nothing more to do, and waits for Ctrl-C; its workers wait for work."""
import multiprocessing
import os
import signal
import sys
import threading


def work(jobs):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for job in iter(jobs.get, None):
        print(job)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    jobs = multiprocessing.SimpleQueue()
    workers = [multiprocessing.Process(target=work, args=(jobs,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    try:
        threading.Event().wait()
    finally:
        for worker in workers:
            jobs.put(None)
        for worker in workers:
            worker.join()
        os._exit(0)
