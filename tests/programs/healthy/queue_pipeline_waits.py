"""Three stages wait for each other's items, the first for input."""
import multiprocessing
import sys


def stage(source, sink):
    while (item := source.get()) is not None:
        sink.put(item + 1)
    sink.put(None)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    queues = [multiprocessing.Queue() for _ in range(3)]
    stages = [multiprocessing.Process(target=stage, args=queues[n : n + 2]) for n in range(2)]
    for each in stages:
        each.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    queues[0].put(1)
    queues[0].put(None)
    while queues[2].get() is not None:
        pass
    for each in stages:
        each.join()
