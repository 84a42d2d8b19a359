"""A fork while another thread holds a lock: in the child nobody is left to release it."""
import multiprocessing
import threading

PAGE = threading.Lock()


def write_page(taken, forked):
    with PAGE:
        taken.set()
        forked.wait()


def read_page():
    with PAGE:  # WAITS
        print("never")


if __name__ == "__main__":
    taken, forked = threading.Event(), threading.Event()
    threading.Thread(target=write_page, args=(taken, forked), name="writer").start()
    taken.wait()
    child = multiprocessing.get_context("fork").Process(target=read_page, name="page-reader")
    child.start()  # FORKED
    forked.set()
    child.join()
