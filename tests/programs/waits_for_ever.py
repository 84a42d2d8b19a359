"""Hangs for ever in the way that is asked for: METHOD HOW."""
import multiprocessing
import os
import selectors
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import wait


def cross(first, second, barrier):
    with first:
        barrier.wait()
        with second:
            pass


def locks(context):
    one, two, barrier = context.Lock(), context.Lock(), context.Barrier(2)
    pairs = {"A": (one, two), "B": (two, one)}
    both = [
        context.Process(target=cross, args=(*pair, barrier), name=name)
        for name, pair in pairs.items()
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()


def fill(queue):
    queue.put(b"x" * 1_000_000)


def queue(context):
    unread = context.Queue()
    process = context.Process(target=fill, args=(unread,), name="fills")
    process.start()
    process.join()


def die(number):
    os.kill(os.getpid(), signal.SIGKILL)


def pool(context):
    with context.Pool(2) as workers:
        workers.map(die, [1], chunksize=1)


def hold(lock):
    lock.acquire()


def holder(context):
    lock = context.Lock()
    process = context.Process(target=hold, args=(lock,), name="holds")
    process.start()
    process.join()
    process = context.Process(target=hold, args=(lock,), name="waits")
    process.start()
    process.join()


def manager(context):
    with context.Manager() as server:
        lock = server.Lock()
        for name in ("holds", "waits"):
            process = context.Process(target=hold, args=(lock,), name=name)
            process.start()
            process.join()


def pipe(context):
    reader, writer = context.Pipe(duplex=False)
    reader.recv()


def sockets(context):
    one, other = context.Pipe()
    one.recv()


def poll(context):
    both = [context.Pipe(duplex=False) for _ in range(2)]
    wait([reader for reader, _ in both])


def select(context):
    number, writer = os.pipe()
    with selectors.SelectSelector() as selector:
        selector.register(number, selectors.EVENT_READ)
        selector.select()


def epoll(context):
    number, writer = os.pipe()
    with selectors.EpollSelector() as selector:
        selector.register(number, selectors.EVENT_READ)
        selector.select()


def child(context):
    text = "print('x' * 1_000_000)"
    subprocess.Popen([sys.executable, "-S", "-c", text], stdout=subprocess.PIPE).wait()


def thread(context):
    lock = threading.Lock()
    lock.acquire()
    if not os.fork():
        lock.acquire()
    os.waitpid(-1, 0)


if __name__ == "__main__":
    method, how = sys.argv[1:]
    globals()[how](multiprocessing.get_context(method))
