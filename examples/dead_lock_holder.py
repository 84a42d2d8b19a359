"""A process is killed while it holds a lock, and five others wait for that lock for ever.

    python -m mpdebug --on-hang abort examples/dead_lock_holder.py

Without mpdebug it hangs and says nothing.
"""

import multiprocessing
import os
import signal


def writer(lock):
    """Take the lock, and be killed before it is given back."""
    lock.acquire()
    os.kill(os.getpid(), signal.SIGKILL)  # as the out-of-memory killer would


def reader(lock, number):
    """Wait for the lock."""
    with lock:
        print("never printed", number)


if __name__ == "__main__":
    cache_lock = multiprocessing.Lock()
    first = multiprocessing.Process(target=writer, args=(cache_lock,), name="writer")
    first.start()
    first.join()
    readers = [
        multiprocessing.Process(target=reader, args=(cache_lock, n), name=f"reader-{n}")
        for n in range(5)
    ]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
