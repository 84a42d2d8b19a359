"""Workers that pass a breakpoint again and again: counts_hits.py CONDITIONS HITS WORKERS."""

import json
import multiprocessing
import sys

import mpdebug


def work(conditions, hits, gate):
    gate.wait()
    for _ in range(hits):
        mpdebug.breakpoint(**conditions)


if __name__ == "__main__":
    conditions, hits, workers = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(workers)
    children = [fork.Process(target=work, args=(conditions, hits, gate)) for _ in range(workers)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print("done", [child.exitcode for child in children])
