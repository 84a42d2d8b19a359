"""A child spins slowly on a flag in shared memory until the main script sets it."""
import multiprocessing
import sys
import time
from multiprocessing import shared_memory


def watch(name):
    flag = shared_memory.SharedMemory(name)
    while not flag.buf[0]:
        time.sleep(0.01)
    flag.close()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    flag = shared_memory.SharedMemory(create=True, size=100)
    child = multiprocessing.Process(target=watch, args=(flag.name,))
    child.start()
    print("ready", flush=True)
    open(sys.argv[2]).readline()
    flag.buf[0] = 1
    child.join()
    flag.close()
    flag.unlink()
