"""A process takes a manager's Lock that it has already."""
import multiprocessing
import sys


def write(lock):
    with lock:  # TAKEN
        flush(lock)


def flush(lock):
    with lock:  # WAITS
        print("flushed")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Manager() as manager:
        lock = manager.Lock()
        writer = multiprocessing.Process(target=write, args=(lock,), name="writer")
        writer.start()
        writer.join()
