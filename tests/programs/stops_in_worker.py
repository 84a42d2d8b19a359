"""A Pool worker that stops, in one of three ways: stops_in_worker.py METHOD WAY [TASKS]."""

import multiprocessing
import sys


def step(number, way):
    config = {"batch": number, "rate": 0.5}
    double = number * 2
    if way == "builtin":
        breakpoint()
    elif way == "pdb":
        import pdb

        pdb.set_trace()
    else:
        import mpdebug

        mpdebug.breakpoint(header="look here")
    double += 1
    return double + len(config)


if __name__ == "__main__":
    method, way, tasks = sys.argv[1], sys.argv[2], int((*sys.argv, "1")[3])
    with multiprocessing.get_context(method).Pool(tasks) as pool:
        print(pool.starmap(step, [(number, way) for number in range(tasks)], chunksize=1))
