"""A Pool or executor worker is killed in the middle of task 3: KIND METHOD [wait]."""
import concurrent.futures
import multiprocessing
import os
import signal
import sys


dying = None


def begin(event):
    global dying
    dying = event


def work(number, word="x"):
    if number == 3:
        if dying is not None:
            dying.set()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


if __name__ == "__main__":
    kind, method, *rest = sys.argv[1:]
    context = multiprocessing.get_context(method)
    if kind == "pool":
        event = context.Event()
        with context.Pool(2, begin, (event,)) as pool:
            result = pool.map_async(work, range(6), chunksize=1)
            event.wait()
            if rest: sys.stdin.read()
            try:
                print(result.get(timeout=1))
            except multiprocessing.TimeoutError:
                print("no result")
    else:
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
            try:
                print(list(executor.map(work, range(6))))
            except concurrent.futures.process.BrokenProcessPool:
                print("broken")
