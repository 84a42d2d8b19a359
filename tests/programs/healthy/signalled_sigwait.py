"""The main script sits in sigwait(), as a daemon does, and its children in a queue."""
import multiprocessing
import signal
import sys


def work(jobs):
    jobs.get()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    jobs = multiprocessing.SimpleQueue()
    child = multiprocessing.Process(target=work, args=(jobs,))
    child.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM])
    jobs.put("end")
    child.join()
