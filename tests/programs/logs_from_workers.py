"""Two workers log; with two FIFOs as arguments it says "ready" and waits before the last record."""

import logging
import multiprocessing
import sys

log = logging.getLogger("app.jobs")


def work(number):
    log.info("task %d", number, extra={"number": number})
    if number == 3:
        log.warning("three\nis a crowd")


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.DEBUG)
    log.debug("start")
    context = multiprocessing.get_context("fork")
    for name in ("Alpha", "Beta"):
        for number in (1, 3):
            one = context.Process(target=work, args=(number,), name=f"{name}-{number}")
            one.start()
            one.join()
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as ready:
            print("ready", file=ready)
        with open(sys.argv[2]) as go:
            go.readline()
    log.info("end")
