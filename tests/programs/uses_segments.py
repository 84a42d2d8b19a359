"""Shared memory: freed as it should be, left to another process's tracker, or never freed.

Argument: METHOD.
"""
import multiprocessing
import subprocess
import sys
from multiprocessing.managers import SharedMemoryManager
from multiprocessing.shared_memory import SharedMemory

VISIT = "import sys; from multiprocessing.shared_memory import SharedMemory as S; "
VISIT += "shm = S(sys.argv[1]); "
POLITE = VISIT + "from multiprocessing import resource_tracker as r; "
POLITE += "r.unregister(shm._name, 'shared_memory')"


def work(name):
    shm = SharedMemory(name)
    shm.buf[0] = 1
    shm.close()


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    freed = SharedMemory(create=True, size=100)
    process = context.Process(target=work, args=(freed.name,))
    process.start()
    process.join()
    subprocess.run([sys.executable, "-c", POLITE, freed.name], check=True)
    freed.close()
    freed.unlink()
    with SharedMemoryManager() as manager:
        manager.SharedMemory(size=200)
    visited = SharedMemory(create=True, size=300)  # shared-memory-unlinked
    subprocess.run([sys.executable, "-c", VISIT, visited.name], check=True)
    visited.close()
    leaked = [SharedMemory(create=True, size=400) for _ in range(2)]  # shared-memory-leaked
    for each in leaked:
        each.close()
