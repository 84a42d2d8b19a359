"""A pool with one idle and one stuck worker, an idle executor, ended and sleeping children.

Arguments: METHOD READY GO [tree]. With `tree` it prints mpdebug.tree() of itself.
"""
import concurrent.futures
import logging
import multiprocessing
import os
import sys
import time


def stick(name, fifo):
    logging.getLogger("app").warning("begins to wait for %s", name)
    with open(fifo) as file:
        return file.read()


def nothing():
    pass


if __name__ == "__main__":
    method, ready, go = sys.argv[1:4]
    context = multiprocessing.get_context(method)
    never = ready + ".never"
    os.mkfifo(never)
    never_fd = os.open(never, os.O_RDWR)
    with (
        context.Pool(2) as pool,
        concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor,
    ):
        pool.apply_async(stick, ("godot", never))
        executor.submit(nothing).result()
        ended = [context.Process(target=nothing) for _ in range(5)]
        for process in ended:
            process.start()
        for process in ended:
            process.join()
        sleeper = context.Process(target=time.sleep, args=(600,), name="sleeper")
        sleeper.start()
        if "tree" in sys.argv:
            import mpdebug

            print(mpdebug.tree(width=200), flush=True)
        with open(ready, "w") as file:
            file.write("ready\n")
        with open(go) as file:
            file.readline()
        sleeper.kill()
        sleeper.join()
