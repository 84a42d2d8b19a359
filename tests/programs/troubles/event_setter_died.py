"""The one process that would set the event fails first."""
import multiprocessing
import sys


def heat(warm):
    raise OSError("no gas")  # RAISED
    warm.set()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    warm = multiprocessing.Event()  # MADE
    multiprocessing.Process(target=heat, args=(warm,), name="oven").start()
    warm.wait()  # WAITS
    print("ready to bake")
