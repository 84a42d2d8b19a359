"""Three processes take one lock again and again."""
import multiprocessing
import sys


def work(lock):
    for _ in range(100):
        with lock:
            pass


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.Lock()
    children = [multiprocessing.Process(target=work, args=(lock,)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
