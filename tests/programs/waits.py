"""Workers that each wait in another call, let go by the main process: METHOD READY GO."""
import multiprocessing
import os
import sys
import threading
import time


def let_go(lock, pipe):
    pipe.recv()
    lock.release()


def wait(kind, lock, queue, pipe):
    if kind == "sleep":
        time.sleep(120)
        return "woke"
    if kind == "read":
        return os.read(pipe.fileno(), 3)
    if kind == "mp.Lock":
        return lock.acquire()
    if kind == "Queue":
        return queue.get()
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=let_go, args=(lock, pipe)).start()
    return lock.acquire()


def work(kind, ready, lock, queue, pipe):
    with open(ready, "w") as file:
        file.write(f"{kind}\n")
    said = wait(kind, lock, queue, pipe)
    sys.stdout.write(f"{kind} {said}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    method, ready, go = sys.argv[1:]
    context = multiprocessing.get_context(method)
    lock, queue, workers, pipes = context.Lock(), context.Queue(), {}, {}
    lock.acquire()
    for kind in ("sleep", "read", "mp.Lock", "Queue", "Lock"):
        here, there = context.Pipe()
        args = (kind, ready, lock, queue, there)
        workers[kind] = context.Process(target=work, args=args, name=kind)
        pipes[kind] = here
        workers[kind].start()
    print("main", open(go).readline().strip(), flush=True)
    os.write(pipes["read"].fileno(), b"abc")
    pipes["Lock"].send("go")
    lock.release()
    queue.put("item")
    for kind in ("read", "mp.Lock", "Queue", "Lock"):
        workers[kind].join()
    workers["sleep"].terminate()
    workers["sleep"].join()
    print([worker.exitcode for worker in workers.values()])
