"""Is healthy in the way that is asked for, until it is told to go: METHOD HOW READY GO."""
import asyncio
import concurrent.futures
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time


def ready():
    with open(sys.argv[3], "w") as file:
        file.write("ready\n")


def go():
    with open(sys.argv[4]) as file:
        file.readline()


def idle(context):
    """Everything waits for what main will do, when somebody types."""
    with (
        context.Pool(2) as pool,
        concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor,
        context.Manager() as manager,
    ):
        pool.map(abs, range(4))
        executor.submit(abs, 1).result()
        manager.list([1]).append(2)
        ready()
        go()


def sleeps(context):
    """Main sleeps, and then puts what a worker waits for."""
    queue = context.Queue()
    process = context.Process(target=queue.get, name="gets")
    process.start()
    ready()
    timer = threading.Thread(target=go)
    timer.start()
    while timer.is_alive():
        time.sleep(0.05)
    queue.put(1)
    process.join()


def signals(context):
    """Main waits for a lock of its threads until a signal's handler gives it back."""
    told = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: told.set())
    ready()
    told.wait()


def back_and_forth(context):
    """Two throw a ball, and both wait for it most of the time."""
    here, there = context.Pipe()
    process = context.Process(target=throw, args=(there, 0), name="throws")
    process.start()
    watch = threading.Thread(target=go, daemon=True)
    watch.start()
    ready()
    while watch.is_alive():
        here.send(1)
        here.recv()
    here.send(None)
    process.join()


def throw(end, _number):
    while end.recv():
        time.sleep(0.001)
        end.send(1)


def serves(context):
    """A server waits in epoll for a client."""

    async def main():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        fifo = os.open(sys.argv[4], os.O_RDONLY | os.O_NONBLOCK)
        came = asyncio.Event()
        loop.add_reader(fifo, came.set)
        ready()
        await came.wait()
        os.close(fifo)
        server.close()

    asyncio.run(main())


def connects(context):
    """A worker waits for a connection from outside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=accept, args=(server,))
        thread.start()
        ready()
        go()
        socket.create_connection(server.getsockname()).close()
        thread.join()


def accept(server):
    server.accept()[0].close()


def halted(context):
    """A worker is halted, and main waits for its end."""
    gate = context.Lock()
    gate.acquire()
    process = context.Process(target=hold, args=(gate,), name="halted")
    process.start()
    os.kill(process.pid, signal.SIGSTOP)
    threading.Thread(target=resume, args=(process.pid, gate)).start()
    process.join()


def hold(gate):
    gate.acquire()


def resume(pid, gate):
    ready()
    go()
    gate.release()
    os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    globals()[sys.argv[2]](multiprocessing.get_context(sys.argv[1]))
