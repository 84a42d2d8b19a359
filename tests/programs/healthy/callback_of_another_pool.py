"""A callback of one Pool waits for a result of another, which works until it is told to end."""
import multiprocessing
import sys


def wait_for(path):
    return open(path).readline()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(1) as first, multiprocessing.Pool(1) as second:

        def ask(_):
            print("ready", flush=True)
            second.apply(wait_for, (sys.argv[2],))

        result = first.apply_async(abs, (1,), callback=ask)
        result.get()
        first.close()
        first.join()
