"""Items go through two stages, and None ends each in turn."""
import multiprocessing
import sys


def stage(source, sink):
    for item in iter(source.get, None):
        sink.put(item + 1)
    sink.put(None)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    queues = [multiprocessing.Queue() for _ in range(3)]
    stages = [multiprocessing.Process(target=stage, args=queues[n : n + 2]) for n in range(2)]
    for each in stages:
        each.start()
    for item in [*range(20), None]:
        queues[0].put(item)
    print(sum(iter(queues[2].get, None)))
    for each in stages:
        each.join()
