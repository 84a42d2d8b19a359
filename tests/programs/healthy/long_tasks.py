"""pool.map() waits for tasks that take long and sleep between steps."""
import multiprocessing
import sys
import threading
import time


def begin(event):
    global OVER
    OVER = event


def work(number):
    while not OVER.is_set():
        time.sleep(0.05)
    return number


def read(over):
    open(sys.argv[2]).readline()
    over.set()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    over = multiprocessing.Event()
    with multiprocessing.Pool(2, begin, (over,)) as pool:
        threading.Thread(target=read, args=(over,)).start()
        print("ready", flush=True)
        print(pool.map(work, range(4)))
