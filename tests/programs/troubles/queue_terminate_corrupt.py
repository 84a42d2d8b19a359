"""A process is terminated inside of Queue.get(), with the queue's lock in hand."""
import multiprocessing
import sys
import time


def eat(plates):
    while True:
        print(plates.get())  # WAITS


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    plates = multiprocessing.Queue()  # MADE
    old, new = (multiprocessing.Process(target=eat, args=(plates,), name=n) for n in ("old", "new"))
    old.start()
    while not plates._rlock._semlock._is_zero():
        time.sleep(0.01)
    time.sleep(0.2)
    old.terminate()  # TERMINATED
    old.join()
    new.start()
    plates.put("soup")
    new.join()
