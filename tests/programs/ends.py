"""One record and then a violent end, in a child: HOW METHOD."""
import ctypes
import logging
import multiprocessing
import os
import signal
import sys

log = logging.getLogger("last")


def work(how):
    log.warning("last words")
    if how == "SIGKILL":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "SIGSEGV":
        ctypes.string_at(0)
    if how == "SIGTERM":
        os.kill(os.getpid(), signal.SIGTERM)
    if how == "SIGABRT":
        os.abort()
    if how == "os._exit":
        os._exit(3)
    if how == "exception":
        raise ValueError("lost data")
    if how == "sys.exit":
        sys.exit("bad input")


if __name__ == "__main__":
    how, method = sys.argv[1:]
    process = multiprocessing.get_context(method).Process(target=work, args=(how,), name="w")
    process.start()
    process.join()
    print(process.exitcode)
