"""A semaphore that starts at 0: one process releases, the other one acquires."""
import multiprocessing
import sys


def produce(filled, emptied):
    for _ in range(20):
        filled.release()
        emptied.acquire()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    filled, emptied = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    child = multiprocessing.Process(target=produce, args=(filled, emptied))
    child.start()
    for _ in range(20):
        filled.acquire()
        emptied.release()
    child.join()
    print(child.exitcode)
