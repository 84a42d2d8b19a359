"""Two workers share one thing of each kind with the main process, and one thing is left over.

Arguments: METHOD READY GO FILE SEGMENT. The segment of that name is made and never unlinked.
"""
import mmap
import multiprocessing
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory


def work(segment, lock, value, queue, end, table, file, ready, told):
    with open(file, "r+b") as opened:
        mapped = mmap.mmap(opened.fileno(), 0)
    attached = SharedMemory(segment)
    table["here"] = True  # connects
    ready.put(mapped[0])
    told.wait()
    del mapped
    attached.close()


if __name__ == "__main__":
    method, ready_path, go, file, left = sys.argv[1:6]
    context = multiprocessing.get_context(method)
    abandoned = SharedMemory(left, create=True, size=3000)  # left
    resource_tracker.unregister(abandoned._name, "shared_memory")
    abandoned.close()
    segment = SharedMemory(create=True, size=5000)  # segment
    lock = context.Lock()  # lock
    value = context.Value("i", 3, lock=False)  # value
    queue = context.Queue()  # queue
    here, there = context.Pipe()  # pipe
    told = context.Event()
    with context.Manager() as manager:  # manager
        table, ready = manager.dict(), context.Queue()
        things = (segment.name, lock, value, queue, there, table, file, ready, told)
        workers = [context.Process(target=work, args=things, name=f"w-{n}") for n in (1, 2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            ready.get()
        with open(ready_path, "w") as said:
            said.write("ready\n")
        with open(go) as said:
            said.readline()
        told.set()
        for worker in workers:
            worker.join()
    segment.close()
    segment.unlink()
