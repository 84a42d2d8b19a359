"""acquire() without try: an exception leaves the lock taken."""
import multiprocessing
import sys


def share_out(purse, people):
    purse.acquire()  # TAKEN
    print(100 // people)  # RAISED
    purse.release()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    purse = multiprocessing.Lock()  # MADE
    for name, people in (("careless", 0), ("careful", 4)):
        child = multiprocessing.Process(target=share_out, args=(purse, people), name=name)
        child.start()
        child.join()
