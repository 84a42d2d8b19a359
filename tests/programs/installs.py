"""Install, install again, uninstall; every attribute compared by identity: RUN-DIR."""
import concurrent.futures.process, logging.handlers, multiprocessing.pool, multiprocessing.spawn
import multiprocessing.queues, multiprocessing.managers, multiprocessing.shared_memory
import multiprocessing.connection, multiprocessing.heap
import os, posix, structlog, subprocess, sys, _posixsubprocess, _signal, multiprocessing.synchronize
import mpdebug
places = [os, posix, _posixsubprocess, subprocess, _signal, logging.Logger, logging.handlers.QueueListener,
    multiprocessing.process.BaseProcess, multiprocessing.pool.ApplyResult,
    multiprocessing.pool.IMapIterator, multiprocessing.spawn, multiprocessing.queues.Queue,
    multiprocessing.synchronize.SemLock, multiprocessing.heap.Arena, multiprocessing.connection,
    multiprocessing.shared_memory.SharedMemory, multiprocessing.managers.BaseManager,
    multiprocessing.pool.Pool, multiprocessing.pool.MapResult, multiprocessing.queues,
    multiprocessing.queues.SimpleQueue, multiprocessing.queues.JoinableQueue, multiprocessing.util,
    concurrent.futures.process._ExecutorManagerThread, concurrent.futures.process._SafeQueue,
    concurrent.futures._base.Future,
    concurrent.futures.process.ProcessPoolExecutor, structlog._base.BoundLoggerBase]
def snapshot():
    return [dict(vars(p)) for p in places], list(sys.meta_path), set(os.supports_fd), dict(os.environ)
before = snapshot()
run = mpdebug.install(run_dir=sys.argv[1])
middle = snapshot()
assert mpdebug.install() == run
changed = [(p.__name__, k) for p, a, b in zip(places, before[0], middle[0]) for k in b if a.get(k) is not b[k]]
print(len(changed))
mpdebug.uninstall()
after = snapshot()
for place, a, b in zip(places, before[0], after[0]):
    for key in {*a, *b}:
        assert a.get(key) is b.get(key), (place, key)
assert before[1:] == after[1:]
print("as before")
