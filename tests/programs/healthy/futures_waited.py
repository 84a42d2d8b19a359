"""concurrent.futures.wait() with a time-out, again until all are done."""
import concurrent.futures
import multiprocessing
import sys
import time


def work(number):
    time.sleep(0.02)
    return number


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        waiting = {executor.submit(work, number) for number in range(5)}
        while waiting:
            done, waiting = concurrent.futures.wait(waiting, timeout=0.01)
            [future.result() for future in done]
    print("done")
