"""Forty forks while two threads log without a pause; each child logs three records."""
import logging
import os
import sys
import threading
import warnings

warnings.simplefilter("ignore")
log = logging.getLogger("fork")
log.setLevel(logging.INFO)
stop = threading.Event()


def chatter():
    while not stop.is_set():
        log.info("from a thread")


threads = [threading.Thread(target=chatter) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(40):
    pid = os.fork()
    if pid == 0:
        for n in range(3):
            log.info("from a child", extra={"n": n})
        os._exit(0)
    os.waitpid(pid, 0)
stop.set()
for thread in threads:
    thread.join()
print("done")
