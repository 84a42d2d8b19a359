"""Two locks in both orders; the second is only tried, so nobody can wait."""
import multiprocessing
import sys


def work(first, second):
    for _ in range(20):
        with first:
            if second.acquire(block=False):
                second.release()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    locks = [multiprocessing.Lock(), multiprocessing.Lock()]
    children = [multiprocessing.Process(target=work, args=o) for o in (locks, locks[::-1])]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
