"""The main script waits for SIGTERM in Event().wait(), its children for work."""
import multiprocessing
import signal
import sys
import threading


def work(jobs):
    while jobs.get() is not None:
        pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    jobs = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(jobs,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    print("ready", flush=True)
    over.wait()
    for worker in workers:
        jobs.put(None)
    for worker in workers:
        worker.join()
