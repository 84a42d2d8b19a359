"""A fork beside a thread of the program; then one beside a Pool's threads alone."""
import multiprocessing
import os
import threading


def hold(ready, go):
    ready.set()
    go.wait()  # HERE


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    ready, go = threading.Event(), threading.Event()
    thread = threading.Thread(target=hold, args=(ready, go), name="holder")
    thread.start()
    ready.wait()
    process = context.Process(target=os.getpid, name="beside")
    process.start()
    process.join()
    go.set()
    thread.join()
    with context.Pool(1) as pool:
        pool.apply(os.getpid)
        process = context.Process(target=os.getpid, name="alone")
        process.start()
        process.join()
