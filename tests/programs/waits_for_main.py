"""A task waits for a lock that the main process has, which waits for a line: FIFO."""
import multiprocessing
import sys


def begin(given):
    global lock
    lock = given


def work(number):
    print("waits", flush=True)
    with lock:
        return number


if __name__ == "__main__":
    mine = multiprocessing.Lock()
    with multiprocessing.Pool(1, begin, (mine,)) as pool:
        with mine:
            result = pool.map_async(work, [7])
            open(sys.argv[1]).readline()
        print(result.get())
