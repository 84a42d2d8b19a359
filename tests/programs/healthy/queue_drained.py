"""All items are taken out before the producers are joined."""
import multiprocessing
import sys


def produce(items):
    for _ in range(3):
        items.put("x" * 100_000)
    items.put(None)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    items = multiprocessing.Queue()
    children = [multiprocessing.Process(target=produce, args=(items,)) for _ in range(2)]
    for child in children:
        child.start()
    running, count = len(children), 0
    while running:
        if items.get() is None:
            running -= 1
        else:
            count += 1
    for child in children:
        child.join()
    print(count)
