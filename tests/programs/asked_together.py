"""Workers that stop at one line: WAY COUNT. The last has another x.

WAY: "stop"; "sleep": they sleep instead, as twins of one name; "busy": they run in C for ever.
"""

import logging
import multiprocessing
import sys
import time

log = logging.getLogger("app")


class Box:
    """Something with attributes."""

    width = 3
    weight = 4


def step(number, way, count):
    config = {"batch": 3, "bank": 4, "rate": 0.5}
    box = Box()
    x = 7 if number < count else 3
    if way == "sleep":
        time.sleep(60)
    elif way == "busy":
        sum(iter(int, 1))
    else:
        breakpoint()
    log.warning("went on %s %s", number, x + box.width + config["batch"])


if __name__ == "__main__":
    way, count = sys.argv[1], int(sys.argv[2])
    names = [f"Worker-{n}" for n in range(1, count + 1)] if way != "sleep" else ["twin"] * count
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=step, args=(n, way, count), name=name)
        for n, name in enumerate(names, 1)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print([worker.exitcode for worker in workers])
