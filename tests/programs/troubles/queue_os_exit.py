"""os._exit() right after put(): the feeder thread has written only a part."""
import multiprocessing
import os
import sys


def pack(boxes):
    for number in range(500):
        boxes.put(bytes(1000))  # PUT
    os._exit(0)  # ENDED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    boxes = multiprocessing.Queue()  # MADE
    child = multiprocessing.Process(target=pack, args=(boxes,), name="packer")
    child.start()
    child.join()
    print(sum(len(boxes.get()) for _ in range(500)))  # WAITS
