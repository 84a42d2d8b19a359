"""Calls that give up waiting, each way there is: GO, a FIFO; empty: nobody stands meanwhile.

The tracebacks and signatures of all of them are printed.
"""
import contextlib, inspect, multiprocessing, sys, threading, traceback
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from queue import Empty

def stand():
    import mpdebug
    mpdebug.breakpoint(wait=60)

def wait(name):
    open(name).readline()

def fail(kind):
    raise kind("of the task")

@contextlib.contextmanager
def struck():
    """Print how it fails."""
    try:
        yield
    except (multiprocessing.TimeoutError, FutureTimeout, Empty):
        print(traceback.format_exc())

if __name__ == "__main__":
    go, last = sys.argv[1:]
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        for kind in (multiprocessing.TimeoutError, TimeoutError):  # the task raised it
            with struck():
                pool.apply_async(fail, (kind,)).get(30)
            with struck():
                pool.imap(fail, [kind]).next(30)
        if go:
            pool.apply_async(stand)
            open(go).readline()
        asleep = pool.apply_async(wait, (last,))
        many = pool.imap(wait, [last])
        with struck():
            asleep.get(timeout=0.05)
        with struck():
            pool.map_async(wait, [last]).get(0.05)
        with struck():
            many.next(0.05)
        with struck():
            pool.imap_unordered(wait, [last]).next(timeout=0.05)
        queue = context.Queue()
        with struck():
            queue.get(True, 0.05)
        with struck():
            queue.get(timeout=0.05)
        with struck():
            queue.get(False)
        with struck():
            queue.get_nowait()
        child = context.Process(target=wait, args=(last,), name="sleeper")
        child.start()
        child.join(0.05)
        child.join(0)
        with ThreadPoolExecutor(2) as threads:
            held = threading.Event()
            future = threads.submit(held.wait)
            with struck():
                threads.submit(fail, TimeoutError).result(30)
            with struck():
                future.result(timeout=0.05)
            with struck():
                list(threads.map(lambda _: held.wait(), [1], timeout=0.05))
            held.set()
        child.kill()
        child.join(30)
    for call in (asleep.get, many.next, queue.get, child.join, future.result):
        print(call.__qualname__, inspect.signature(call))
