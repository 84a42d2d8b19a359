"""Ctrl-C while the workers of a Pool are busy."""
import multiprocessing, os, signal, sys, time


def begin(busy):
    global BUSY
    BUSY = busy


def knit(row):
    BUSY.release()
    time.sleep(60)  # WORKS


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    busy = multiprocessing.Semaphore(0)
    with multiprocessing.Pool(2, begin, (busy,)) as pool:
        rows = pool.map_async(knit, range(2), chunksize=1)
        for _ in range(2):
            busy.acquire()
        os.killpg(0, signal.SIGINT)
        print(rows.get())
