"""A worker writes where its segment of shared memory has been cut off. Argument: METHOD."""
import multiprocessing
import os
import sys
from multiprocessing.shared_memory import SharedMemory


def work(name):
    segment = SharedMemory(name)
    os.truncate(f"/dev/shm/{name}", 100)
    segment.buf[50_000] = 1  # HERE


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    segment = SharedMemory(create=True, size=100_000)
    worker = context.Process(target=work, args=(segment.name,), name="writer")
    worker.start()
    worker.join()
    segment.close()
    segment.unlink()
