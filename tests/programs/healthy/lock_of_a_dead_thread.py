"""A thread takes a lock and ends, and the main thread releases it, by design."""
import multiprocessing
import sys
import threading


def work(lock):
    with lock:
        pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.Lock()
    thread = threading.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    lock.release()
    child = multiprocessing.Process(target=work, args=(lock,))
    child.start()
    child.join()
    print(child.exitcode)
