"""Items of queues that get lost, or do not: METHOD WAY."""
import multiprocessing
import os
import queue
import sys


def drops(q):
    q.put(1)
    q.put(lambda: 1)


def exits(q):
    for number in range(1000):
        q.put(bytes(1000))
    os._exit(0)


def passes(q):
    for number in range(10):
        q.put(number)


def takes(q):
    while q.get() is not None:
        q.task_done()
    q.task_done()


def child(context, target, q):
    process = context.Process(target=target, args=(q,), name=target.__name__)
    process.start()
    return process


def lie(context):
    """As long as the queue's thread is busy with the first item, empty() is wrong."""
    class Slow:
        def __reduce__(self):
            open(sys.argv[3]).readline()
            return int, ()
    q = context.Queue()
    q.put(Slow())
    q.put(2)
    for _ in range(2):
        print(q.empty())
    open(sys.argv[3], "w").write("go\n")
    print(q.get(), q.get())


def alone(context):
    context.Queue().put(lambda: 1)


def healthy(context):
    q = context.Queue(5)
    process = child(context, passes, q)
    print(sum(q.get() for _ in range(10)), q.empty())
    process.join()
    print(process.exitcode)
    q = context.JoinableQueue()
    process = child(context, takes, q)
    for item in (1, 2, None):
        q.put(item)
    q.join()
    process.join()
    print(process.exitcode)
    q = context.SimpleQueue()
    q.put("x")
    print(q.get(), q.empty())
    if not os.fork():
        os._exit(0)
    os.wait()


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    if sys.argv[2] in ("drops", "exits"):
        q = context.Queue()
        process = child(context, globals()[sys.argv[2]], q)
        process.join()
        print(process.exitcode)
        if sys.argv[2] == "drops":
            print(q.get())
    else:
        globals()[sys.argv[2]](context)
