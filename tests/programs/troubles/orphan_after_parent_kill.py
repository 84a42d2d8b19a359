"""The main process is killed, and its child works on."""
import multiprocessing
import os
import signal
import sys
import time


def watch(begun):
    begun.set()
    time.sleep(60)


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    begun = multiprocessing.Event()
    multiprocessing.Process(target=watch, args=(begun,), name="watcher", daemon=True).start()
    begun.wait()
    os.kill(os.getpid(), signal.SIGKILL)
