"""Shared memory is shorter than its mapping, as where /dev/shm is full."""
import multiprocessing
import os
import sys
from multiprocessing import shared_memory


def fill(name):
    canvas = shared_memory.SharedMemory(name)
    os.truncate(f"/dev/shm/{name}", 0)
    canvas.buf[100] = 1  # CRASHED


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    canvas = shared_memory.SharedMemory(create=True, size=1 << 20)
    child = multiprocessing.Process(target=fill, args=(canvas.name,), name="painter")
    child.start()
    child.join()
    print("ended with", child.exitcode)
    canvas.close()
    canvas.unlink()
