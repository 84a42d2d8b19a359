"""get() with a time-out: Empty is caught, and asked again."""
import multiprocessing
import queue
import sys


def produce(items, hungry):
    hungry.wait()
    items.put("bread")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    items, hungry = multiprocessing.Queue(), multiprocessing.Event()
    child = multiprocessing.Process(target=produce, args=(items, hungry))
    child.start()
    while True:
        try:
            print(items.get(timeout=0.05))
            break
        except queue.Empty:
            hungry.set()
    child.join()
