"""Makes a semaphore and a segment, ends its resource tracker, and waits to be killed.

Argument: READY.
"""
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    lock = context.Lock()  # semaphore
    segment = SharedMemory(f"mpdebug_test_{os.getpid()}", create=True, size=1000)  # segment
    print(segment.name, lock._semlock.name[1:], flush=True)
    os.kill(resource_tracker._resource_tracker._pid, signal.SIGKILL)
    with open(sys.argv[1], "w") as said:
        said.write("ready\n")
    time.sleep(1000)
