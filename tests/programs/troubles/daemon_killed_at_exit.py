"""The program ends while a daemon is in the middle of its work."""
import multiprocessing
import sys
import time


def back_up(begun):
    begun.set()
    time.sleep(30)  # WORKS
    print("saved")


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    begun = multiprocessing.Event()
    child = multiprocessing.Process(target=back_up, args=(begun,), name="backup", daemon=True)
    child.start()
    begun.wait()
    print("the end")
