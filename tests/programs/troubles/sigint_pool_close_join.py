"""Ctrl-C loses the tasks in hand, and close() and join() wait for them."""
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
    pool = multiprocessing.Pool(2, begin, (busy,))  # MADE
    rows = pool.map_async(knit, range(2), chunksize=1)  # ASKED
    try:
        busy.acquire(), busy.acquire(), os.killpg(0, signal.SIGINT)
        print(rows.get())
    finally:
        pool.close()
        pool.join()  # WAITS
