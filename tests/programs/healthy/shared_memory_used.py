"""Shared memory that the child closes and the main script unlinks."""
import multiprocessing
import sys
from multiprocessing import shared_memory


def write(name):
    segment = shared_memory.SharedMemory(name)
    segment.buf[:5] = b"hello"
    segment.close()


if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    segment = shared_memory.SharedMemory(create=True, size=100)
    child = multiprocessing.Process(target=write, args=(segment.name,))
    child.start()
    child.join()
    print(bytes(segment.buf[:5]), child.exitcode)
    segment.close()
    segment.unlink()
