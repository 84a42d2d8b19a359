"""A lock is tried again and again with a time-out, while its holder waits for input."""
import multiprocessing
import sys


def take(lock):
    while not lock.acquire(timeout=0.05):
        pass
    lock.release()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.Lock()
    child = multiprocessing.Process(target=take, args=(lock,), name="patient")
    with lock:
        child.start()
        print("ready", flush=True)
        open(sys.argv[2]).readline()
    child.join()
