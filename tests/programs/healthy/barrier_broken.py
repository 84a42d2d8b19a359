"""A barrier's wait has a time-out, and its end is caught."""
import multiprocessing
import sys
import threading


def wait(barrier):
    try:
        barrier.wait(timeout=0.1)
    except threading.BrokenBarrierError:
        print("nobody came")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    barrier = multiprocessing.Barrier(2)
    child = multiprocessing.Process(target=wait, args=(barrier,))
    child.start()
    child.join()
