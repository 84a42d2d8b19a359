"""Deaths that need more than one line: HOW METHOD."""
import faulthandler
import multiprocessing
import os
import resource
import sys
import time


def initializer():
    raise RuntimeError("no database")


def lasts():
    sys.stdin.read()
    time.sleep(30)


def burns():
    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    while True:
        pass


def crashes_unseen():
    faulthandler.disable()
    faulthandler.enable(open(os.devnull, "w"))
    faulthandler._sigsegv()


def raises_from():
    try:
        {}["host"]
    except KeyError as error:
        raise OSError("no settings") from error


def nothing():
    pass


HOW, METHOD = sys.argv[1:3]

if __name__ == "__main__":
    context = multiprocessing.get_context(METHOD)
    if HOW == "initializer":
        pool = context.Pool(2, initializer)
        seen = set()
        while len(seen) < 8:
            seen |= {process.pid for process in list(pool._pool)}
            time.sleep(0.01)
        pool.terminate()
    elif HOW in ("terminate", "kill"):
        process = context.Process(target=lasts, name="w")
        process.start()
        getattr(process, HOW)()
        process.join()
    elif HOW == "daemon":
        context.Process(target=lasts, name="w", daemon=True).start()
    elif HOW == "lambda":
        context.Process(target=lambda: None, name="w").start()
    elif HOW == "returns":
        process = context.Process(target=nothing, name="w")
        process.start()
        process.join()
    else:
        target = {"cpu": burns, "unseen": crashes_unseen, "chain": raises_from}[HOW]
        process = context.Process(target=target, name="w")
        process.start()
        process.join()
