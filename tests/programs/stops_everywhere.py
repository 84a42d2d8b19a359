"""Stops in all places where code of a program can stand: [START_METHOD]; prints what came of it."""
import atexit
import concurrent.futures as futures
import multiprocessing
import os
import signal
import sys
import threading

READY = []


def step(where):
    local = where.upper()
    breakpoint()  # everywhere
    return local


def prepare(word):
    READY.append(step(f"{word} initializer"))


def task(n):
    return f"{step('task')} {n} {READY}"


def daemon(said):
    said.send(step("daemon"))


class Thing:
    def __init__(self, said):
        self.said = said

    def __del__(self):
        self.said.append(step("__del__"))


def from_c(context):
    print(sorted("ba", key=lambda char: (step("sort key"), char)))
    said = []
    Thing(said)
    print(said)


def in_threads(context):
    said = {}
    both = threading.Barrier(2)

    def work(n):
        both.wait(30)
        said[n] = step(f"thread {n}")

    threads = [threading.Thread(target=work, args=(n,), name=f"t{n}") for n in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    print(sorted(said.items()))


def in_a_signal_handler(context):
    said = []
    signal.signal(signal.SIGUSR1, lambda *_: said.append(step("signal handler")))
    os.kill(os.getpid(), signal.SIGUSR1)
    print(said)


def in_processes(context):
    ours, theirs = context.Pipe()
    child = context.Process(target=daemon, args=(theirs,), daemon=True)
    child.start()
    print(ours.recv())
    child.join()
    with context.Pool(1, prepare, ("pool",)) as pool:
        print(pool.map(task, [1]))
    with futures.ProcessPoolExecutor(1, context, prepare, ("executor",)) as executor:
        print(list(executor.map(task, [2])))


def forked(context):
    sys.stdout.flush()
    if (pid := os.fork()) == 0:
        print(step("fork"), flush=True)
        os._exit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def at_exit():
    print(step("atexit"))


if __name__ == "__main__":
    atexit.register(at_exit)
    for call in (from_c, in_threads, in_a_signal_handler, forked, in_processes):
        call(multiprocessing.get_context(*sys.argv[1:]))
    sys.exit(step("end"))
