"""The main script waits at an Event until it catches Ctrl-C; its workers wait for work."""
import multiprocessing
import signal
import sys


def work(jobs, over):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for job in iter(jobs.get, None):
        print(job)
    over.wait()


def main():
    jobs = multiprocessing.SimpleQueue()
    over = multiprocessing.Event()
    workers = [multiprocessing.Process(target=work, args=(jobs, over)) for _ in range(2)]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    try:
        over.wait()
    except KeyboardInterrupt:
        over.set()
    for worker in workers:
        jobs.put(None)
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    main()
