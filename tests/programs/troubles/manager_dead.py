"""The manager's process is killed, and its proxies are used on."""
import multiprocessing
import os
import signal
import sys


def count(stock):
    stock["pears"] = 3  # USED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    manager = multiprocessing.Manager()  # MADE
    stock = manager.dict()
    os.kill(manager._process.pid, signal.SIGKILL)
    manager._process.join()
    child = multiprocessing.Process(target=count, args=(stock,), name="counter")
    child.start()
    child.join()
    print(child.exitcode)
